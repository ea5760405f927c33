import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client';
import { type McpServerSettings, withoutSecrets } from './settings.ts';
import { CUT_OFF } from './transport.ts';

/**
 * What became of a call that failed: the server answered it with an error; it never reached the server; the server is
 * busy and did not take it; or nobody knows.
 */
export type CallEnd = 'answered' | 'not sent' | 'busy' | 'unknown';

/** Codes of connections that were never made. */
const NO_CONNECTION = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
];

/** A session that the server has forgotten, as after its restart. */
const FORGOTTEN = 404;

const BUSY = [429, 503];

/** Answers that cannot be read. */
const NONSENSE = [SdkErrorCode.InvalidResult, SdkErrorCode.UnsupportedResultType];

export function endOf(error: unknown): CallEnd {
  if (error instanceof ProtocolError) return error.code === CUT_OFF ? 'unknown' : 'answered';
  if (error instanceof SdkHttpError) {
    const status = error.status ?? 0;
    if (status === FORGOTTEN) return 'not sent';
    if (BUSY.includes(status)) return 'busy';
    return status < 500 ? 'answered' : 'unknown';
  }
  if (error instanceof SdkError) {
    if (NONSENSE.includes(error.code)) return 'answered';
    return error.code === SdkErrorCode.NotConnected ? 'not sent' : 'unknown';
  }
  if (NO_CONNECTION.includes(codeOf(error) ?? '')) return 'not sent';
  return error instanceof Error && error.message === 'Not connected' ? 'not sent' : 'unknown';
}

/** Why a server cannot be reached or a call failed: the end of a sentence, without secrets. */
export function reasonOf(error: unknown, server: McpServerSettings): string {
  const { transport } = server;
  const code = codeOf(error);
  const status = error instanceof SdkHttpError ? error.status : undefined;
  if (error instanceof SdkError && NONSENSE.includes(error.code)) return 'its answer is not as the protocol has it';
  if (error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout) return 'it does not answer';
  if (error instanceof ProtocolError) {
    return error.code === CUT_OFF ? 'it broke off its answer' : `it says: ${inOneLine(error.message, server)}`;
  }
  if (transport.kind === 'address') {
    if (status === 401 || status === 403) return `the server at ${transport.shown} refused the credentials (${status})`;
    if (status !== undefined) return `the server at ${transport.shown} answered with the status ${status}`;
    const fault = code ?? faultOfFetch(error);
    if (!fault)
      return `it does not speak MCP (${inOneLine(error instanceof Error ? error.message : String(error), server)})`;
    return `no server answers at ${transport.shown} (${fault})`;
  }
  if (code === 'ENOENT') {
    return transport.cwd === undefined
      ? `there is no program "${transport.command}"`
      : `there is no program "${transport.command}", or no folder "${transport.cwd}"`;
  }
  if (code === 'EACCES') return `"${transport.command}" may not be run`;
  if (endOf(error) === 'unknown' || endOf(error) === 'not sent') return 'it ended';
  return inOneLine(error instanceof Error ? error.message : String(error), server);
}

/** The error and what caused it, down to the first cause. */
function chain(error: unknown, depth = 0): unknown[] {
  const { cause, data } = (error ?? {}) as { cause?: unknown; data?: { cause?: unknown } };
  const deeper = cause ?? data?.cause;
  return deeper === undefined || depth > 4 ? [error] : [error, ...chain(deeper, depth + 1)];
}

/** The code that the system or the HTTP client has for it. */
const codeOf = (error: unknown): string | undefined =>
  chain(error)
    .map((each) => (each instanceof SdkError ? undefined : (each as { code?: unknown } | undefined)?.code))
    .find((code): code is string => typeof code === 'string' && /^(E[A-Z_]+|UND_\w+)$/.test(code));

/** What `fetch` says where nothing has a code, such as a port that it refuses. */
function faultOfFetch(error: unknown): string | undefined {
  const causes = chain(error);
  const last = causes.at(-1);
  const failed = causes.some((each) => each instanceof TypeError && each.message === 'fetch failed');
  return failed && last instanceof Error ? last.message : undefined;
}

/** A stranger's text in one line, not too long, and without secrets. */
export function inOneLine(text: string, server: McpServerSettings): string {
  const line = withoutSecrets(text, server).replace(/\s+/g, ' ').trim();
  return line.length > 300 ? `…${line.slice(-300)}` : line;
}
