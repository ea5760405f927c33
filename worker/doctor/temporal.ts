import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { NativeConnection } from '@temporalio/worker';
import { SEARCH_ATTRIBUTE } from '../../protocol/names.ts';
import { ROLES } from '../configuration/groups/temporal.ts';
import type { Configuration } from '../configuration/index.ts';
import { pollsOf } from '../queues.ts';
import { type Finding, findingsOf } from './finding.ts';

/** Temporal's own type numbers of search attributes. */
const KEYWORD = 2;
const INT = 3;

const ATTRIBUTES: Record<string, { type: number; name: 'Keyword' | 'Int' }> = {
  [SEARCH_ATTRIBUTE.state]: { type: KEYWORD, name: 'Keyword' },
  [SEARCH_ATTRIBUTE.rounds]: { type: INT, name: 'Int' },
  [SEARCH_ATTRIBUTE.batch]: { type: KEYWORD, name: 'Keyword' },
};

/** Whether the lists of docs/web-ui.md find anything. */
export async function checkSearchAttributes(connection: NativeConnection, namespace: string): Promise<Finding[]> {
  const { good, warning } = findingsOf('Search attributes');
  let known: Record<string, unknown>;
  try {
    known = (await connection.operatorService.listSearchAttributes({ namespace })).customAttributes ?? {};
  } catch (error) {
    return [
      warning(
        `The server does not let them be listed (${(error as Error).message}): sessions then do without.`,
        'give the key the right to read the namespace, or make them as docs/operating.md says',
      ),
    ];
  }
  const found = Object.entries(ATTRIBUTES).flatMap(([name, { type, name: typeName }]): Finding[] => {
    const make = `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${typeName}`;
    if (!(name in known)) {
      return [warning(`${name} is missing: sessions cannot be listed by it, and say nothing of it.`, make)];
    }
    if (known[name] === type) return [];
    return [warning(`${name} is not of the type ${typeName}.`, `remove it, then: ${make}`)];
  });
  return found.length > 0 ? found : [good(`${Object.keys(ATTRIBUTES).join(', ')}.`)];
}

/** What has to be polled for a session to go on, by the role that serves it; or what this configuration itself polls. */
function wantedQueues({ taskQueue, roles, toolRates }: Configuration, mine: boolean) {
  const all = { taskQueue, toolRates, stateDir: '' };
  // One that has split roles needs every role somewhere; else any worker serves all.
  const polls = pollsOf((roles ? { ...all, roles: mine ? roles : [...ROLES] } : all) as Configuration);
  return polls.flatMap(({ taskQueue: queue, workflows, activities }) => {
    const limited = typeof activities === 'object';
    const activityRole = limited || activities === 'tools' ? 'tools' : activities === 'infer' ? 'inference' : 'sandbox';
    return [
      ...(workflows ? [{ queue, kind: WORKFLOWS, role: 'workflow' }] : []),
      ...(activities === 'none' ? [] : [{ queue, kind: ACTIVITIES, role: activityRole }]),
    ];
  });
}

const WORKFLOWS = 1;
const ACTIVITIES = 2;
/** A worker polls anew each minute. */
const LIVE_MS = 2 * 60_000;

/**
 * Whether somebody polls each queue that sessions need. `mine`: whether a worker of this very machine or container polls
 * those that it is configured for.
 */
export async function checkPollers(
  connection: NativeConnection,
  namespace: string,
  configuration: Configuration,
  mine = false,
): Promise<Finding[]> {
  const { good, bad } = findingsOf('Workers');
  const looks = wantedQueues(configuration, mine).map(async ({ queue, kind, role }) => {
    const { pollers } = await connection.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: queue },
      taskQueueType: kind,
    });
    const live = (pollers ?? []).filter(({ lastAccessTime, identity }) => {
      // As the SDK names a worker.
      if (mine && !identity?.endsWith(`@${hostname()}`)) return false;
      return Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1000 < LIVE_MS;
    });
    const what = `${kind === WORKFLOWS ? 'sessions' : 'activities'} of ${queue}`;
    if (live.length > 0) return good(`${live.length} for ${what}.`);
    const start = `${configuration.roles ? `WORKER_ROLES=${role} ` : ''}npm run worker`;
    return bad(
      `No worker takes the ${what}: sessions wait.`,
      `start one: ${start}, with TEMPORAL_TASK_QUEUE=${configuration.taskQueue}`,
    );
  });
  return Promise.all(looks);
}

/** Of workers that are versions of a deployment only the current one gets new sessions; without one they wait. */
export async function checkDeployment(
  connection: NativeConnection,
  namespace: string,
  { deployment, buildId }: Configuration,
): Promise<Finding[]> {
  if (!deployment) return [];
  const { good, warning, bad } = findingsOf('Deployment');
  const { name } = deployment;
  const rollout = `npx deep-research rollout ${buildId} --deployment ${name}`;
  let current: string | null | undefined;
  try {
    const { workerDeploymentInfo } = await connection.workflowService.describeWorkerDeployment({
      namespace,
      deploymentName: name,
    });
    current = workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId;
  } catch (error) {
    return [bad(`The server knows no deployment "${name}" (${(error as Error).message}).`, 'start a worker of it')];
  }
  if (!current) return [bad(`No version of the deployment "${name}" is the current one: new sessions wait.`, rollout)];
  if (current === buildId) return [good(`This version, ${buildId}, is the current one of "${name}".`)];
  return [
    warning(`The current version of "${name}" is ${current}, this is ${buildId}: new sessions go there.`, rollout),
  ];
}

/** A clock that is this much wrong makes durations and dates look odd; from the second on, requests are refused. */
const SKEW = { odd: 2_000, bad: 60_000 };

/**
 * The server's clock beside ours: by a workflow that nobody works on, started and removed again. So this also shows that
 * sessions can be started here.
 */
export async function checkClock(connection: NativeConnection, namespace: string): Promise<Finding[]> {
  const { good, warning, bad } = findingsOf('Clock');
  const workflowId = `deep-research-doctor-${randomUUID()}`;
  const service = connection.workflowService;
  const before = Date.now();
  let skew: number;
  try {
    const { runId } = await service.startWorkflowExecution({
      namespace,
      workflowId,
      requestId: randomUUID(),
      workflowType: { name: 'deepResearchDoctor' },
      taskQueue: { name: workflowId },
      workflowRunTimeout: { seconds: 60 as never },
    });
    const after = Date.now();
    const execution = { workflowId, runId };
    const { workflowExecutionInfo } = await service.describeWorkflowExecution({ namespace, execution });
    await service.terminateWorkflowExecution({ namespace, workflowExecution: execution, reason: 'clock read' });
    await service.deleteWorkflowExecution({ namespace, workflowExecution: execution }).catch(() => {});
    const { seconds, nanos } = workflowExecutionInfo?.startTime ?? {};
    const theirs = Number(seconds ?? 0) * 1000 + Number(nanos ?? 0) / 1e6;
    // Anything between the two is none.
    skew = theirs < before ? theirs - before : theirs > after ? theirs - after : 0;
  } catch (error) {
    return [
      bad(`No workflow can be started: ${(error as Error).message}`, 'check the rights of the key in this namespace'),
    ];
  }
  const by = `${(Math.abs(skew) / 1000).toFixed(1)} s`;
  const mend = 'let NTP or chrony set the clocks of this machine and of the server';
  if (Math.abs(skew) > SKEW.bad)
    return [bad(`The server's is ${by} ${skew > 0 ? 'ahead of' : 'behind'} this machine's.`, mend)];
  if (Math.abs(skew) > SKEW.odd)
    return [warning(`The server's is ${by} ${skew > 0 ? 'ahead of' : 'behind'} this machine's.`, mend)];
  return [good(`The server's and this machine's agree${skew === 0 ? '' : ` within ${by}`}.`)];
}
