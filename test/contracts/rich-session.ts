import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ServiceError, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { QUERY, UPDATE } from '../../protocol/names.ts';
import type { Status } from '../../protocol/status.ts';
import {
  type Segment,
  type TrajectoryCursor,
  type TrajectoryPage,
  wholeTrajectory,
} from '../../protocol/trajectory.ts';
import { eventually, played, type SessionHandle, type Sessions } from '../support/sessions.ts';

export const CORPUS = fileURLToPath(new URL('../fixtures/corpus', import.meta.url));

/** Events after which the server suggests a new run, so that a session has three. */
export const SHORT = { 'limit.historyCount.suggestContinueAsNew': 60 };

/** What a command leaves outside of its workspace, where no snapshot undoes it. */
const leave = (mark: string) => `echo "$(basename "$PWD") ${mark}" >> ../../effects.log`;
const search = (query: string) => ({ name: 'search', arguments: { query: [query] } });
const bash = (command: string) => ({ name: 'bash', arguments: { command } });
const python = (code: string) => ({ name: 'PythonInterpreter', arguments: { code } });
const pythonLeaves = (mark: string) => `import os\nos.system('''${leave(mark)}''')`;

export const STEERING = 'Mind the second lamp.';
export const FOLLOW_UP = 'And who kept the lamps?';
/** What stays of the session's work: the refused call leaves nothing. */
export const EFFECTS = ['first', 'second', 'third'];

/**
 * A session with a bit of everything: calls at once, effects, an approval, a refusal, steering, a context reset, new
 * runs, and a follow-up question while it is kept open.
 */
export const RICH = played(
  {
    script: [
      [search('harbour lamps'), search('tide record')],
      bash(`${leave('first')}; echo 1 > notes.txt; ls`),
      python(`${pythonLeaves('second')}\nopen('notes.txt', 'a').write('2\\n')\nprint(open('notes.txt').read())`),
      search('keepers of the lamps'),
      python(pythonLeaves('refused')),
      bash(`${leave('third')}; cat notes.txt`),
    ],
    answer: 'It is done.',
    thinkChars: 1800,
  },
  {
    tools: ['search', 'bash', 'PythonInterpreter'],
    approve: ['PythonInterpreter'],
    contextTokens: 5000,
    keepOpenSeconds: 600,
  },
);

/** What people do to such a session, by where it stands. Each thing is said twice, as by a client that lost the answer. */
export function startPeople(
  { client, taskQueue }: Pick<Sessions, 'client' | 'taskQueue'>,
  isOut: (id: string) => boolean,
) {
  const done = new Set<string>();
  const refused = new Map<string, number>();
  const busy = new Map<string, Promise<void>>();
  const errors: unknown[] = [];
  let over = false;

  async function visit(id: string): Promise<void> {
    const handle = client.workflow.getHandle(id);
    /** One that is refused is said anew: a reset brings back what was said, perhaps before anybody asks for it. */
    const tell = async (update: string, ...args: unknown[]) => {
      const nth = refused.get(`${id} ${update}`) ?? 0;
      const updateId = `${update}-${args[0] ?? ''}-${nth}`.slice(0, 100);
      const once = () => handle.executeUpdate<unknown, [unknown]>(update, { updateId, args: args as [unknown] });
      try {
        await Promise.all([once(), once()]);
      } catch (error) {
        if (error instanceof WorkflowUpdateFailedError) refused.set(`${id} ${update}`, nth + 1);
        throw error;
      }
    };
    const status = await handle.query<Status>(QUERY.status);
    const waiting = status.calls.find(({ state }) => state === 'approval')?.id;
    const key = `${id} ${waiting ?? `${status.state} ${status.round}`}`;
    if (done.has(key)) return;
    if (waiting === 'r3c1') {
      await tell(UPDATE.steer, STEERING);
      await tell(UPDATE.approve, waiting, true);
    } else if (waiting) {
      await tell(UPDATE.approve, waiting, false, 'Not this one.');
    } else if (status.state === 'open') {
      if (status.round === 7) await tell(UPDATE.ask, FOLLOW_UP);
      else await tell(UPDATE.finish);
    } else return;
    done.add(key);
  }

  const watching = (async () => {
    while (!over) {
      const waiting = client.workflow.list({
        query: `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running' AND ResearchState IN ('approval', 'open')`,
      });
      for await (const { workflowId: id } of waiting) {
        if (busy.has(id) || isOut(id)) continue;
        const visiting = visit(id)
          // Things that do not hold any more, such as a session that was reset meanwhile, are looked at again.
          .catch((error) => (isForNow(error) ? undefined : errors.push(error)))
          .then(() => {
            busy.delete(id);
          });
        busy.set(id, visiting);
      }
      await sleep(150);
    }
  })();
  return {
    errors,
    /** What was decided before counts for nothing in a session's new run after a reset. */
    forget(id: string) {
      for (const key of done) if (key.startsWith(`${id} `)) done.delete(key);
    },
    async stop() {
      over = true;
      await watching;
    },
  };
}

/** A server that is loaded refuses some things for a moment. */
const isForNow = (error: unknown): boolean =>
  error instanceof WorkflowUpdateFailedError ||
  error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
  error instanceof ServiceError;

/** What happened in a session, without times and what differs by the state of the model's cache. */
export async function trajectoryOf(session: Pick<SessionHandle, 'query'>): Promise<object[]> {
  let segments: Segment[] = [];
  await eventually('the session can be read', async () => {
    segments = await wholeTrajectory((cursor) =>
      session.query<TrajectoryPage, [TrajectoryCursor]>(QUERY.trajectory, cursor),
    );
    return true;
  });
  return segments.map(plain);
}

function plain({ index, system, opening, rounds, summary, stopReason }: Segment): object {
  return {
    index,
    system,
    opening,
    rounds: rounds.map(({ number, reply, calls, notes, followUp }) => ({
      number,
      text: reply?.text,
      calls: calls.map(({ id, name, arguments: args, state, result, snapshot }) => ({
        id,
        name,
        arguments: args,
        state,
        result,
        snapshot,
      })),
      notes,
      followUp,
    })),
    summary: summary?.reply?.text,
    stopReason,
  };
}
