import { secondsToWait } from './wait-told.ts';

export type FailureKind = 'rate-limited' | 'unavailable' | 'key-refused' | 'bad-answer';

/** A provider could not answer. The message is one sentence without keys, addresses or the provider's own text. */
export class ProviderError extends Error {
  override name = 'ProviderError';
  readonly kind: FailureKind;
  readonly provider: string;
  /** How long the provider wants to be left alone, in milliseconds, if it said so. */
  readonly retryAfterMs?: number;
  /** The HTTP status, if there was an answer. */
  readonly status?: number;

  constructor(
    kind: FailureKind,
    provider: string,
    message: string,
    details: { retryAfterMs?: number; status?: number } = {},
  ) {
    super(message);
    this.kind = kind;
    this.provider = provider;
    this.retryAfterMs = details.retryAfterMs;
    this.status = details.status;
  }
}

/** Who was asked, and with what right. */
export interface Asked {
  provider: string;
  /** The environment variable of the key, and whether a key was sent. */
  key?: { variable: string; sent: boolean };
  /** The provider says 403, not 429, to those who ask too often (OpenAlex). */
  forbiddenMeansTooOften?: boolean;
}

export type Headers = Record<string, string | string[] | undefined>;

/** What went wrong: an answer with a status, or no answer at all. */
export type Fault = { status: number; headers: Headers; body: string } | { error: unknown; timeoutMs: number };

/** Maps every status and network error to what it means for the search. */
export function providerFailure(asked: Asked, fault: Fault, now = Date.now()): ProviderError {
  const { provider } = asked;
  if ('error' in fault) return withoutAnswer(asked, fault);

  const { status } = fault;
  const wait = secondsToWait(fault.headers, now);
  const retryAfterMs = wait === undefined ? undefined : Math.ceil(wait * 1000);
  const failure = (kind: FailureKind, what: string) =>
    new ProviderError(kind, provider, `${provider} ${what}.`, {
      status,
      ...(kind === 'rate-limited' || kind === 'unavailable' ? { retryAfterMs } : {}),
    });

  if (status === 429 || (status === 403 && asked.forbiddenMeansTooOften)) {
    const told = wait === undefined ? '' : ` and asks to wait ${Math.ceil(wait)} s`;
    return failure('rate-limited', `is asked too often (status ${status})${told}`);
  }
  const keyProblem = asked.key && problemWithKey(asked.key, fault);
  if (keyProblem) return failure('key-refused', `${keyProblem} (status ${status})`);
  if (status >= 500 || status === 408 || status === 425)
    return failure('unavailable', `is out of order (status ${status})`);
  if (status === 401 || status === 403) return failure('unavailable', `does not let this client in (status ${status})`);
  if (status >= 300 && status < 400) {
    return failure(
      'bad-answer',
      `has moved (status ${status}); its address in the configuration should be the new one`,
    );
  }
  return failure('bad-answer', `did not accept the query (status ${status})`);
}

function problemWithKey(key: { variable: string; sent: boolean }, fault: { status: number; body: string }) {
  const { status, body } = fault;
  // Exa 402, Tavily 432 (plan) and 433 (pay-as-you-go), Serper 400 with this text: only the key's owner can help.
  const spent =
    status === 402 || status === 432 || status === 433 || (status === 400 && /not enough credits/i.test(body));
  if (spent) return `has no credit left for the key in ${key.variable}`;
  // Brave answers a wrong or missing token with 422, as it does a wrong parameter.
  const refused = status === 401 || status === 403 || (status === 422 && /subscription[_-]token/i.test(body));
  if (refused && key.sent) return `refused the key in ${key.variable}`;
  if (status === 401) return `wants a key in ${key.variable}`;
  return undefined;
}

function withoutAnswer({ provider, key }: Asked, { error, timeoutMs }: { error: unknown; timeoutMs: number }) {
  const failure = (kind: FailureKind, what: string) => new ProviderError(kind, provider, `${provider} ${what}.`);
  const code = codeOf(error);
  if (code === 'UND_ERR_INVALID_ARG' && key?.sent) {
    return failure(
      'key-refused',
      `cannot be sent the key in ${key.variable}: it has characters that no header can hold`,
    );
  }
  if (error instanceof Error && error.name === 'TimeoutError') {
    return failure('unavailable', `did not answer within ${timeoutMs / 1000} s`);
  }
  return failure('unavailable', `cannot be reached${code ? ` (${code})` : ''}`);
}

/** The error's code, which unlike its message holds no address and no header. */
function codeOf(error: unknown): string {
  const code =
    (error as { code?: unknown } | null)?.code ?? (error as { cause?: { code?: unknown } } | null)?.cause?.code;
  return typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : '';
}
