import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { withHeartbeat } from '../heartbeat.ts';
import { steadyNow } from '../steady-now.ts';

/** Milliseconds: sessions of a few rounds end at once, long ones need no haste. */
const WAIT = { first: 100, growth: 1.5, longest: 5_000 };
/** One activity does not go on for ever: its history is the batch's. */
const LONGEST_MS = 15 * 60_000;
const AT_ONCE = 10;

/**
 * The activity `awaitSessions`: watches sessions that an earlier run of the batch has started, which tell this run
 * nothing of their end.
 */
export async function awaitSessions({ ids }: { ids: string[] }): Promise<string[]> {
  const { client, cancellationSignal: signal } = Context.current();
  const isOver = async (id: string): Promise<boolean> => {
    try {
      const { status } = await client.workflow.getHandle(id).describe();
      return status.name !== 'RUNNING';
    } catch (error) {
      // Its history is gone: that is an end as well.
      if (error instanceof WorkflowNotFoundError) return true;
      throw error;
    }
  };
  return withHeartbeat(async () => {
    const end = steadyNow() + LONGEST_MS;
    for (let wait = WAIT.first; ; wait = Math.min(WAIT.longest, wait * WAIT.growth)) {
      const over: string[] = [];
      for (let from = 0; from < ids.length; from += AT_ONCE) {
        const some = ids.slice(from, from + AT_ONCE);
        const looked = await Promise.all(some.map(isOver));
        over.push(...some.filter((_, index) => looked[index]));
      }
      if (over.length > 0 || steadyNow() > end) return over;
      await sleep(wait, undefined, { signal });
    }
  });
}
