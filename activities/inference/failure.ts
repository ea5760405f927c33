import { ApplicationFailure } from '@temporalio/common';
import { FAILURE } from '../../protocol/names.ts';
import { secondsToWait } from '../providers/wait-told.ts';
import type { Endpoint } from './endpoint.ts';

/** Statuses after which the same request may succeed. */
const RETRYABLE = new Set([408, 409, 425, 429]);

/** A server that asks for more is asked again after this. */
const LONGEST_WAIT_MS = 600_000;

type Headers = Record<string, string | string[] | undefined>;
/** Whose answer it is: its variables are named, its secrets hidden. */
type Answerer = Pick<Endpoint, 'variables' | 'apiKey' | 'headers'>;

/** Maps a model server's refusal to retryable or final. `body` is the answer's text. */
export function failureOf(status: number, headers: Headers, body: string, endpoint: Answerer = {}): ApplicationFailure {
  const error = errorIn(body);
  const said = `The model server answered ${status}: ${hideSecrets(error.message, endpoint)}`;
  if (isOverflow(status, error)) return final(FAILURE.contextOverflow, said, status);
  const told = headers['x-should-retry'];
  if (told === 'true' || (told !== 'false' && (RETRYABLE.has(status) || status >= 500))) {
    return ApplicationFailure.create({
      message: said,
      type: FAILURE.modelUnavailable,
      nonRetryable: false,
      details: [{ status }],
      ...waitTold(headers),
    });
  }
  const {
    apiKey = 'LLM_SERVER_API_KEY',
    model = 'LLM_SERVER_MODEL_NAME',
    url = 'LLM_SERVER_BASE_ENDPOINT_URL',
  } = endpoint.variables ?? {};
  if (status === 401 || status === 403) {
    return final(FAILURE.modelRejected, `The model server refused the key (${status}); check ${apiKey}.`, status);
  }
  if (status === 404) return final(FAILURE.modelRejected, `${said} Check ${model} and ${url}.`, status);
  return final(FAILURE.modelRejected, said, status);
}

/** What the errors inside a stream that began with 200 would have been as statuses. */
const STATUS_OF: Record<string, number> = {
  invalid_request_error: 400,
  invalid_prompt: 400,
  context_length_exceeded: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  timeout_error: 504,
  overloaded_error: 529,
};

/** An error that came inside a stream, or in a reply with status 200. */
export function streamFailure(error: unknown, endpoint: Answerer = {}): ApplicationFailure {
  const { code, type, status } = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>;
  const numbers = [code, status].map(Number).filter((number) => number >= 400 && number < 600);
  const named = [code, type].map((name) => STATUS_OF[String(name)]).find((known) => known !== undefined);
  return failureOf(numbers[0] ?? named ?? 500, {}, JSON.stringify({ error }), endpoint);
}

/** A connection that could not be made, broke, or gave something that is no reply: worth another try. */
export function connectionFailure(error: unknown, endpoint: Answerer = {}): ApplicationFailure {
  const why = hideSecrets(error instanceof Error ? error.message : String(error), endpoint);
  const { code } = (error ?? {}) as { code?: unknown };
  const facts = typeof code === 'string' ? [{ code }] : [];
  // A key or header that no request can carry stays so.
  if (code === 'UND_ERR_INVALID_ARG') {
    return ApplicationFailure.nonRetryable(
      `The model server cannot be asked: ${why}; check its key and headers.`,
      FAILURE.modelRejected,
      ...facts,
    );
  }
  return ApplicationFailure.retryable(`The model server could not be used: ${why}`, FAILURE.modelUnavailable, ...facts);
}

const final = (type: string, message: string, status: number) =>
  ApplicationFailure.nonRetryable(message, type, { status });

interface SaidError {
  message: string;
  param?: unknown;
  code?: unknown;
}

/** Every wording vLLM has used, SGLang's, and those of the hosted APIs. */
const OVERFLOW = [
  /context[ _](length|window|limit)/i,
  /max_(completion_)?tokens.*too large/i,
  /prompt is too long/i,
  /prompt exceeds max length/i,
  /range of input length/i,
  /exceed(s|ed)? (the )?max(imum)? (message|input|prompt) (tokens|length)/i,
];

function isOverflow(status: number, { message, param, code }: SaidError): boolean {
  if (status === 413) return true;
  if (status !== 400) return false;
  return (
    param === 'input_tokens' || code === 'context_length_exceeded' || OVERFLOW.some((wording) => wording.test(message))
  );
}

function errorIn(body: string): SaidError {
  try {
    const parsed = JSON.parse(body);
    const error = parsed?.error ?? parsed;
    const text = typeof error === 'string' ? error : (error?.message ?? parsed?.detail ?? parsed?.message);
    const message = typeof text === 'string' ? text : body;
    return { message: message.slice(0, MOST_SAID), param: error?.param, code: error?.code };
  } catch {
    return { message: body.slice(0, MOST_SAID) };
  }
}

const MOST_SAID = 500;

/** Servers quote what they were sent, and an error is kept in the history. */
function hideSecrets(text: string, { apiKey, headers }: Answerer): string {
  const secrets = [apiKey?.reveal() ?? '', ...Object.values(headers?.reveal() ?? {})];
  return secrets.filter((secret) => secret.length > 3).reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}

function waitTold(headers: Headers): { nextRetryDelay?: number } {
  const inMs = Number(headers['retry-after-ms'] || Number.NaN);
  const ms = Number.isFinite(inMs)
    ? inMs
    : (secondsToWait({ 'retry-after': headers['retry-after'] }, Date.now()) ?? 0) * 1000;
  return ms > 0 ? { nextRetryDelay: Math.min(ms, LONGEST_WAIT_MS) } : {};
}
