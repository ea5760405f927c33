import type { Prepared, SessionActivities, ToolActivity } from '../protocol/activities.ts';
import type { BatchActivities } from '../protocol/batch-activities.ts';
import type { ToolName } from '../protocol/tool-call.ts';
import { makeBatchActivities } from './batch/index.ts';
import { type Endpoint, protocolOf } from './inference/endpoint.ts';
import { makeFleet } from './inference/fleet/index.ts';
import { makeInfer } from './inference/infer.ts';
import { openSandbox } from './sandbox/index.ts';
import { makeConclude } from './session/conclude.ts';
import { makeFork } from './session/fork.ts';
import { makePrepare } from './session/prepare.ts';
import { cacheOf, makeTools, type ToolsOptions } from './tools/all-tools.ts';
import { toolActivity } from './tools/tool-activity.ts';

export interface ActivityOptions extends ToolsOptions {
  /** Of the sessions. */
  taskQueue?: string;
  corpora: string[];
  filesDir?: string;
  /** Where batches are kept; by default below the state folder. */
  batchDir?: string;
  skillFolders?: string[];
  endpoints: Endpoint[];
  queues: Prepared['queues'];
  /** A failed tool tells the model `{"error": …}` instead of a plain sentence. */
  jsonErrors?: boolean;
}

/** All activities of a worker: the session's and the batch's own, and each tool it can serve under its model-facing name. */
export async function makeActivities(
  options: ActivityOptions,
): Promise<SessionActivities & BatchActivities & Partial<Record<ToolName, ToolActivity>>> {
  const { stateDir, endpoints } = options;
  const fleet = makeFleet(endpoints);
  const sandbox = options.sandbox ?? openSandbox(options);
  const cache = cacheOf(options);
  const tools = await makeTools({ ...options, fleet, sandbox }, cache);
  const research = endpoints.find(({ roles }) => roles.includes('research'));
  const session = { skillFolders: [], ...options, tools, protocol: protocolOf(research?.format ?? 'deep_research') };
  return {
    ...Object.fromEntries(tools.map((tool) => [tool.name, toolActivity(tool, options)])),
    prepare: makePrepare(session),
    fork: makeFork(session),
    infer: makeInfer(fleet),
    conclude: makeConclude({ stateDir, sandbox, cache }),
    ...makeBatchActivities(options),
  };
}
