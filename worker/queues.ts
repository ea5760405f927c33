import { hostId } from '../activities/workspace/host.ts';
import type { Prepared } from '../protocol/activities.ts';
import type { Configuration, Role } from './configuration/index.ts';

const inferenceQueue = (queue: string): string => `${queue}-inference`;
const sandboxQueue = (queue: string): string => `${queue}-sandbox`;

/** Of the host with this state folder: calls that need the workspaces it has. Undefined where it has none. */
export function hostQueueOf({ roles, taskQueue, stateDir }: Configuration): string | undefined {
  if (roles && !roles.includes('sandbox')) return undefined;
  return `${sandboxQueue(taskQueue)}-${hostId(stateDir)}`;
}

/** Of a tool whose calls a second are limited over all workers: the limit is the queue's. */
const toolQueue = (queue: string, tool: string): string => `${queue}-${tool}`;

/** The queues a session's activities go to: its own, unless this worker's roles are split or a tool has a limit. */
export function sessionQueues({ roles, taskQueue, toolRates }: Configuration): Prepared['queues'] {
  const limited = Object.keys(toolRates);
  return {
    ...(roles ? { inference: inferenceQueue(taskQueue), sandbox: sandboxQueue(taskQueue) } : {}),
    ...(limited.length > 0
      ? { tools: Object.fromEntries(limited.map((tool) => [tool, toolQueue(taskQueue, tool)])) }
      : {}),
  };
}

/** What one process polls: a queue, and whether workflows or which activities are served there. */
export interface Poll {
  taskQueue: string;
  workflows: boolean;
  activities: 'all' | 'infer' | 'tools' | 'sandbox' | 'none' | { only: string; perSecond: number };
}

export function pollsOf({ roles, taskQueue, toolRates }: Configuration, hostQueue?: string): Poll[] {
  const limited = Object.entries(toolRates).map(
    ([only, perSecond]): Poll => ({
      taskQueue: toolQueue(taskQueue, only),
      workflows: false,
      activities: { only, perSecond },
    }),
  );
  const host: Poll[] = hostQueue ? [{ taskQueue: hostQueue, workflows: false, activities: 'sandbox' }] : [];
  if (!roles) return [{ taskQueue, workflows: true, activities: 'all' }, ...host, ...limited];
  const has = (role: Role) => roles.includes(role);
  const polls: Poll[] = [];
  if (has('workflow') || has('tools')) {
    polls.push({ taskQueue, workflows: has('workflow'), activities: has('tools') ? 'tools' : 'none' });
  }
  if (has('inference')) polls.push({ taskQueue: inferenceQueue(taskQueue), workflows: false, activities: 'infer' });
  if (has('sandbox'))
    polls.push({ taskQueue: sandboxQueue(taskQueue), workflows: false, activities: 'sandbox' }, ...host);
  if (has('tools')) polls.push(...limited);
  return polls;
}
