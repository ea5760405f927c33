import { ApplicationFailure } from '@temporalio/common';
import { FAILURE } from '../../../protocol/names.ts';

/**
 * What a call's failure says of its endpoint: `away` (dead, draining or hanging: no call should follow), `busy` (it asks
 * for a pause), `broken` (it may have been this once), or nothing, where the request was at fault or was stopped.
 */
export type Fault = { kind: 'away' | 'busy' | 'broken'; message: string; waitMs?: number };

/** What `failure.ts` keeps of a failure for those who decide what comes next. */
export interface FailureFacts {
  status?: number;
  /** Node's or undici's code of a failed connection. */
  code?: string;
}

/** Too many requests, and Anthropic's word for a service that is overloaded. */
const BUSY = new Set([429, 529]);

const AWAY_CODES = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

export function faultOf(error: unknown): Fault | undefined {
  if (!(error instanceof ApplicationFailure) || error.nonRetryable || error.type !== FAILURE.modelUnavailable) {
    return undefined;
  }
  const { status, code = '' } = (error.details?.[0] ?? {}) as FailureFacts;
  const told = Number(error.nextRetryDelay ?? 0);
  const wait = told > 0 ? { waitMs: told } : {};
  const { message } = error;
  if (status !== undefined && BUSY.has(status)) return { kind: 'busy', message, ...wait };
  if (status === 503 || AWAY_CODES.has(code)) return { kind: 'away', message, ...wait };
  return { kind: 'broken', message, ...wait };
}
