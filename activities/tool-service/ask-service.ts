import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { withoutKeys } from '../../protocol/redact.ts';
import type { ToolCallOutput, ToolName } from '../../protocol/tool-call.ts';
import { limitedText } from '../limited-text.ts';
import { ToolError } from '../tools/tool.ts';
import { parseForPython, pythonJson } from './python-json.ts';

/** One call as it goes to a tool service. */
export interface ServiceCall {
  tool: ToolName;
  /** One is drawn at random, for each attempt anew. */
  bases: readonly string[];
  path: string;
  /** The bytes of the body. */
  body: string;
  seconds: number;
  /** Only a request that has not reached the service is sent again. */
  once: boolean;
  signal: AbortSignal;
}

/** Waits between attempts, in ms: a service that is started again is there within seconds. */
const WAITS = [1_000, 3_000, 8_000];

/** Ten times what any model can read. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Faults before the request was sent. */
const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * Sends a call to a tool service. An answer that is no success is the text `<status> <body>`, as the original gives it
 * to the model. Throws `ToolError` where there is no answer.
 */
export async function askService(call: ServiceCall): Promise<ToolCallOutput> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await askOnce(call);
    } catch (error) {
      if (error instanceof ToolError) throw error;
      if (call.signal.aborted) throw call.signal.reason;
      const { name, code = name } = error as { name: string; code?: string };
      if (name === 'TimeoutError') throw failed(call, `did not answer within ${call.seconds} s`);
      const wait = WAITS[attempt];
      if (call.once && !UNSENT.has(code)) {
        throw failed(call, `broke off (${code}), so that it is not known whether the call took effect`);
      }
      if (wait === undefined) throw failed(call, `cannot be reached (${code})`);
      await sleep(wait, undefined, { signal: call.signal });
    }
  }
}

async function askOnce(call: ServiceCall): Promise<ToolCallOutput> {
  const { url, headers } = addressOf(call);
  const { statusCode, body } = await request(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: call.body,
    // The signal has the only limit: code may be silent for as long.
    headersTimeout: 0,
    bodyTimeout: 0,
    signal: AbortSignal.any([call.signal, AbortSignal.timeout(call.seconds * 1000)]),
  });
  const whole = await limitedText(body, MOST_BYTES, () => failed(call, 'answered with more than 16 MiB'));
  // A service may quote in an error what it was sent.
  const text = withoutKeys(whole);
  if (statusCode < 200 || statusCode > 299) return { text: `${statusCode} ${text}`, failed: true };
  let answer: unknown;
  try {
    answer = parseForPython(text);
  } catch {
    throw failed(call, 'answered with something that is not JSON');
  }
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
    throw failed(call, 'answered with JSON that is no object');
  }
  const { result = '' } = answer as { result?: unknown };
  return { text: typeof result === 'string' ? result : pythonJson(result) };
}

/** A name and a password in the base become a header, as in the original's client. */
function addressOf({ bases, path }: ServiceCall): { url: URL; headers: Record<string, string> } {
  const url = new URL(bases[Math.floor(Math.random() * bases.length)] ?? '');
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`;
  const login = [url.username, url.password].map(decodeURIComponent).join(':');
  url.username = '';
  url.password = '';
  const headers: Record<string, string> =
    login === ':' ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
  return { url, headers };
}

const failed = ({ tool }: ServiceCall, what: string) => new ToolError(`${tool} failed: the tool service ${what}.`);
