import type { Account } from '../protocol/account.ts';
import type { Session } from './session.ts';

/**
 * Hands what the session's row needs to the activity `conclude` in this process, while it is in memory: later a worker
 * would have to replay the session for it. For sessions of a batch; any other parent has no use for it.
 *
 * @returns the parent, for `conclude` to leave it there
 */
export function giveAccount({ data, runtime }: Session): string | undefined {
  const { parent } = runtime;
  if (parent === undefined) return undefined;
  const { startedAt, segments, prepared } = data;
  const { tools, schemas } = prepared;
  const account: Account = { startedAt, segments, tools, ...(schemas ? { schemas } : {}) };
  runtime.giveAccount(JSON.stringify(account));
  return parent;
}
