import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { Account } from '../../protocol/account.ts';
import type { InferenceView } from '../../protocol/activities.ts';
import { QUERY } from '../../protocol/names.ts';
import type { Status } from '../../protocol/status.ts';
import { type TrajectoryCursor, type TrajectoryPage, wholeTrajectory } from '../../protocol/trajectory.ts';
import { isHash, sha256Of } from '../../store/blobs.ts';
import { type BatchPlace, batchFiles } from './batch-files.ts';

/** What a session leaves for its row, among the files of its batch and under the hash of its bytes, until the row is written. */
export interface Accounts {
  /**
   * Gives the hash; undefined where nobody will ask for it: the batch's files are not seen from here, or the batch has
   * ended.
   *
   * @param given JSON of the account, where the session has given it
   */
  leave(batch: string, given: string | undefined): Promise<string | undefined>;
  read(batch: string, sha256: string | undefined): Promise<Account | undefined>;
  remove(batch: string, sha256: string): Promise<void>;
}

export function accountsIn(places: BatchPlace): Accounts {
  const nameOf = (sha256: string) => `accounts/${sha256}`;
  return {
    async leave(batch, given) {
      const { client, info } = Context.current();
      const { workflowId, runId } = info.workflowExecution ?? {};
      if (workflowId === undefined) return undefined;
      try {
        const files = batchFiles(places, batch);
        if (!(await files.takesAccounts())) return undefined;
        const account = given ?? JSON.stringify(await askAccount(client, workflowId, runId));
        const sha256 = sha256Of(account);
        // What is damaged or lost is asked of the session.
        await files.leave(nameOf(sha256), account);
        return sha256;
      } catch {
        return undefined;
      }
    },

    async read(batch, sha256) {
      if (sha256 === undefined || !isHash(sha256)) return undefined;
      const account = await batchFiles(places, batch)
        .read(nameOf(sha256))
        .catch(() => undefined);
      return account && sha256Of(account) === sha256 ? JSON.parse(account.toString('utf8')) : undefined;
    },

    remove: (batch, sha256) => batchFiles(places, batch).remove(nameOf(sha256)),
  };
}

/** The same from the session itself, which a worker replays where it has ended. */
export async function askAccount(client: Client, workflowId: string, runId?: string): Promise<Account> {
  const handle = client.workflow.getHandle(workflowId, runId);
  const segments = await wholeTrajectory((cursor) =>
    handle.query<TrajectoryPage, [TrajectoryCursor]>(QUERY.trajectory, cursor),
  );
  const { startedAt } = await handle.query<Status>(QUERY.status);
  const { tools, schemas } = await handle.query<InferenceView, [number, number]>(QUERY.inference, 0, 0);
  return { startedAt, segments, tools, ...(schemas ? { schemas } : {}) };
}
