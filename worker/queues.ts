import type { Configuration, Role } from './configuration/index.ts';

export const inferenceQueue = (queue: string): string => `${queue}-inference`;
export const sandboxQueue = (queue: string): string => `${queue}-sandbox`;

/** The queues a session's activities go to: its own, unless this worker's roles are split. */
export function sessionQueues({ roles, taskQueue }: Configuration): { inference?: string; sandbox?: string } {
  return roles ? { inference: inferenceQueue(taskQueue), sandbox: sandboxQueue(taskQueue) } : {};
}

/** What one process polls: a queue, and whether workflows or which activities are served there. */
export interface Poll {
  taskQueue: string;
  workflows: boolean;
  activities: 'all' | 'infer' | 'tools' | 'sandbox' | 'none';
}

export function pollsOf({ roles, taskQueue }: Configuration): Poll[] {
  if (!roles) return [{ taskQueue, workflows: true, activities: 'all' }];
  const has = (role: Role) => roles.includes(role);
  const polls: Poll[] = [];
  if (has('workflow') || has('tools')) {
    polls.push({ taskQueue, workflows: has('workflow'), activities: has('tools') ? 'tools' : 'none' });
  }
  if (has('inference')) polls.push({ taskQueue: inferenceQueue(taskQueue), workflows: false, activities: 'infer' });
  if (has('sandbox')) polls.push({ taskQueue: sandboxQueue(taskQueue), workflows: false, activities: 'sandbox' });
  return polls;
}
