import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import type { Account, GivenAccount } from '../../protocol/account.ts';
import { answerOf } from '../../protocol/answer.ts';
import type { CheckedClaims } from '../../protocol/claims.ts';
import type { Checkpoint } from '../../protocol/fork.ts';
import { QUERY } from '../../protocol/names.ts';
import type { Artifact } from '../../protocol/result.ts';
import type { Source } from '../../protocol/tool-call.ts';
import { type TrajectoryCursor, type TrajectoryPage, wholeTrajectory } from '../../protocol/trajectory.ts';
import type { Cache } from '../cache/index.ts';
import { type ClaimsToCheck, checkClaims } from '../claims/check-claims.ts';
import { containedReader } from '../documents/contained-reader.ts';
import { log } from '../log.ts';

/** A workflow that cannot be asked at this moment can be a little later. */
const TRIES = 3;
const AGAIN_AFTER_MS = 2000;

/**
 * Compares the session's answer with what it had read. Both the session has given in this process, or they are asked of
 * the workflow by query, which history does not record. A check that is not possible leaves the answer unchecked, and
 * never keeps a session from its end.
 */
export function answerChecker(
  cache: Cache,
): (artifacts: Artifact[], given?: GivenAccount) => Promise<Partial<CheckedClaims>> {
  const reader = containedReader();

  /** The whole page as it was when it was read. */
  async function keptText({ url, sha256 }: Source): Promise<string | undefined> {
    const bytes = sha256 && (await cache.getPage(sha256));
    if (!bytes) return undefined;
    const name = basename(URL.parse(url)?.pathname ?? url) || 'page.html';
    return reader.read(bytes, { name, url }).then(
      ({ text }) => text,
      () => undefined,
    );
  }

  return async (artifacts, given) => {
    const { info, client, cancellationSignal: signal } = Context.current();
    const { workflowId, runId } = info.workflowExecution!;
    const session = client.workflow.getHandle(workflowId, runId);
    for (let tries = 1; ; tries++) {
      try {
        const { question, sources, segments } = given ? readAccount(given) : await askSession(session);
        return await checkClaims({ answer: answerOf(segments), question, segments, sources, artifacts, keptText });
      } catch (error) {
        signal.throwIfAborted();
        if (tries >= TRIES) {
          log.warn(`The answer of ${workflowId} was not checked: ${error instanceof Error ? error.message : error}`);
          return {};
        }
      }
      await sleep(AGAIN_AFTER_MS, undefined, { signal });
    }
  };
}

type Done = Pick<ClaimsToCheck, 'question' | 'segments' | 'sources'>;

const readAccount = ({ account, question, sources }: GivenAccount): Done => {
  const { segments } = JSON.parse(account) as Account;
  return { question, sources, segments };
};

async function askSession(session: WorkflowHandle): Promise<Done> {
  const { settings, sources } = await session.query<Checkpoint, []>(QUERY.checkpoint);
  const segments = await wholeTrajectory((from) =>
    session.query<TrajectoryPage, [TrajectoryCursor]>(QUERY.trajectory, from),
  );
  return { question: settings.question, sources, segments };
}
