import { ApplicationFailure } from '@temporalio/common';
import { FAILURE } from '../../protocol/names.ts';

/** Statuses after which the same request may succeed. */
const RETRYABLE = new Set([408, 409, 425, 429]);

/** Maps a model server's refusal to retryable or final. `body` is the answer's text. */
export function failureOf(
  status: number,
  headers: Record<string, string | undefined>,
  body: string,
): ApplicationFailure {
  const { message, param } = errorIn(body);
  const said = `The model server answered ${status}: ${message}`;
  if (status === 400 && isOverflow(message, param)) return final(FAILURE.contextOverflow, said);
  if (RETRYABLE.has(status) || status >= 500) {
    return ApplicationFailure.create({
      message: said,
      type: FAILURE.modelUnavailable,
      nonRetryable: false,
      details: [{ status }],
      ...waitTold(headers['retry-after']),
    });
  }
  if (status === 401 || status === 403) {
    return final(FAILURE.modelRejected, `The model server refused the key (${status}); check LLM_SERVER_API_KEY.`);
  }
  if (status === 404) {
    return final(FAILURE.modelRejected, `${said} Check LLM_SERVER_MODEL_NAME and LLM_SERVER_BASE_ENDPOINT_URL.`);
  }
  return final(FAILURE.modelRejected, said);
}

/** A connection that could not be made, broke, or gave something that is no reply: worth another try. */
export function connectionFailure(error: unknown): ApplicationFailure {
  const why = error instanceof Error ? error.message : String(error);
  const { code } = (error ?? {}) as { code?: unknown };
  const facts = typeof code === 'string' ? [{ code }] : [];
  return ApplicationFailure.retryable(`The model server could not be used: ${why}`, FAILURE.modelUnavailable, ...facts);
}

const final = (type: string, message: string) => ApplicationFailure.nonRetryable(message, type);

/** Every wording vLLM has used, and SGLang's. */
const isOverflow = (message: string, param: unknown): boolean =>
  param === 'input_tokens' || /context length/i.test(message) || /max_(completion_)?tokens.*too large/i.test(message);

function errorIn(body: string): { message: string; param?: unknown } {
  try {
    const { error, message } = JSON.parse(body);
    return { message: String(error?.message ?? message ?? body).slice(0, 500), param: error?.param };
  } catch {
    return { message: body.slice(0, 500) };
  }
}

function waitTold(header: string | undefined): { nextRetryDelay?: number } {
  if (!header) return {};
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return ms > 0 ? { nextRetryDelay: Math.min(ms, 600_000) } : {};
}
