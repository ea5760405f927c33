import { FAILURE } from '../../protocol/names.ts';
import { duration } from './format.ts';

interface FailedAttempt {
  /** `infer`, or a tool's name. */
  activity: string;
  /** The attempt that comes, or runs. */
  attempt: number;
  cause: string;
  failureType?: string;
  /** Epoch ms. */
  nextAttemptAt?: number;
}

/** What keeps a session waiting, and when it is tried again: `model server unavailable, attempt 7, next try in 12s: …`. */
export function retryText(
  { activity, attempt, cause, failureType, nextAttemptAt }: FailedAttempt,
  now: number,
): string {
  const what = failureType === FAILURE.modelUnavailable ? 'model server unavailable' : `${activity} failed`;
  const left = (nextAttemptAt ?? now) - now;
  return `${what}, attempt ${attempt}${left > 0 ? `, next try in ${duration(left)}` : ''}: ${cause}`;
}
