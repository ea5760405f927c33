import { randomUUID } from 'node:crypto';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { makeActivities } from '../../activities/index.ts';
import type { Endpoint } from '../../activities/inference/endpoint.ts';
import { makeFleet } from '../../activities/inference/fleet/index.ts';
import { makeInfer } from '../../activities/inference/infer.ts';
import { REHEARSAL_MODEL, type Rehearsal } from '../../local/rehearsal/server.ts';
import { workflowsPath } from '../../worker/combined-workflows.ts';
import { HEARTBEAT_THROTTLE } from '../../worker/plugin.ts';
import { sessionSinks } from '../../worker/sinks.ts';

export interface FleetWorker {
  taskQueue: string;
  stop(): Promise<void>;
}

/** A worker in this process whose fleet looks at its endpoints often, so that tests need not wait. */
export async function startFleetWorker(options: {
  address: string;
  stateDir: string;
  corpus: string;
  endpoints: Endpoint[];
  pollMs: number;
}): Promise<FleetWorker> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const { address, endpoints, stateDir, corpus, pollMs } = options;
  const connection = await NativeConnection.connect({ address });
  const fleet = makeFleet(endpoints, { pollMs });
  const activities = await makeActivities({ stateDir, corpora: [corpus], endpoints, queues: {} });
  const taskQueue = `fleet-${randomUUID()}`;
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowsPath,
    sinks: sessionSinks,
    activities: { ...activities, infer: makeInfer(fleet) },
    maxConcurrentActivityTaskExecutions: 100,
    // Few at once, so that on a loaded machine none outlasts its time limit and has to be done again.
    maxConcurrentWorkflowTaskExecutions: 8,
    maxConcurrentWorkflowTaskPolls: 4,
    maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
    defaultHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
    shutdownGraceTime: '1s',
  });
  const running = worker.run();
  return {
    taskQueue,
    async stop() {
      worker.shutdown();
      await running;
      await fleet.close();
      await connection.close();
    },
  };
}

/** Rehearsal models as endpoints; silence is noticed soon. */
export const endpointsOf = (models: readonly Rehearsal[], silenceMs: number): Endpoint[] =>
  models.map(({ url }, index) => ({
    name: `model-${index + 1}`,
    url,
    model: REHEARSAL_MODEL,
    format: 'deep_research',
    weight: 1,
    roles: ['research'],
    silence: { first: silenceMs, next: silenceMs },
  }));
