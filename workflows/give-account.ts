import type { Account } from '../protocol/account.ts';
import type { Session } from './session.ts';

/**
 * Hands what the session has done to the activity `conclude` in this process, while it is in memory: for its answer to be
 * checked, and for its row in a batch. Else the workflow would have to be asked, and later even replayed for it.
 */
export function giveAccount({ data, runtime }: Session): void {
  const { startedAt, segments, sources, prepared, settings } = data;
  const { tools, schemas } = prepared;
  const account: Account = { startedAt, segments, tools, ...(schemas ? { schemas } : {}) };
  runtime.giveAccount({ account: JSON.stringify(account), question: settings.question, sources });
}
