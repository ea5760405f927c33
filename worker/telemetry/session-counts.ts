import type { NativeConnection } from '@temporalio/worker';
import { SEARCH_ATTRIBUTE, WORKFLOW } from '../../protocol/names.ts';
import { count } from '../../telemetry/metrics.ts';

const EVERY_MS = 30_000;

/** As the search attribute has them; `done` is of sessions that close in a moment. */
const STATES = ['running', 'approval', 'paused', 'holding', 'open'];

/** Counts the open sessions of a task queue by state, as the server knows them, until it is stopped. */
export function countSessions(connection: NativeConnection, namespace: string, taskQueue: string): () => void {
  const open = `WorkflowType = '${WORKFLOW.session}' AND ExecutionStatus = 'Running' AND TaskQueue = '${taskQueue}'`;
  const sessionsWhere = async (query: string): Promise<number> => {
    const { count: found } = await connection.workflowService.countWorkflowExecutions({ namespace, query });
    return Number(found ?? 0);
  };
  const look = async () => {
    const all = await sessionsWhere(open);
    try {
      const counts = await Promise.all(
        STATES.map((state) => sessionsWhere(`${open} AND ${SEARCH_ATTRIBUTE.state} = '${state}'`)),
      );
      STATES.forEach((state, index) => {
        count.openSessions(state, counts[index] ?? 0);
      });
      // Not yet prepared.
      count.openSessions('new', Math.max(0, all - counts.reduce((sum, each) => sum + each, 0)));
    } catch {
      // The server has not the search attributes.
      count.openSessions('unknown', all);
    }
  };
  // The server is away: the next look will do.
  const once = () => void look().catch(() => {});
  once();
  const timer = setInterval(once, EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
