import type { Prepared, SessionActivities, ToolActivity } from '../protocol/activities.ts';
import type { BatchActivities } from '../protocol/batch-activities.ts';
import { type ToolName, usesWorkspace } from '../protocol/tool-call.ts';
import type { Place } from '../store/place.ts';
import { accountsIn } from './batch/accounts.ts';
import { makeBatchActivities } from './batch/index.ts';
import { type Endpoint, protocolOf } from './inference/endpoint.ts';
import { makeFleet } from './inference/fleet/index.ts';
import { makeInfer } from './inference/infer.ts';
import { openSandbox } from './sandbox/index.ts';
import { makeConclude } from './session/conclude.ts';
import { makeFork } from './session/fork.ts';
import { makePrepare } from './session/prepare.ts';
import { makeReadFile } from './session/read-file.ts';
import { cacheOf, makeTools, type ToolsOptions } from './tools/all-tools.ts';
import { toolActivity } from './tools/tool-activity.ts';
import { webFiles } from './web/web-files.ts';
import { tidyAfterLate } from './workspace/after-late-attempt.ts';
import { openKept, type StoreSettings } from './workspace/keep.ts';
import type { TemporalService } from './workspace/owner.ts';
import { sessionFiles } from './workspace/session-files.ts';
import { sweepWorkspaces } from './workspace/sweep.ts';

export interface ActivityOptions extends ToolsOptions {
  /** Of the sessions. */
  taskQueue?: string;
  corpora: string[];
  filesDir?: string;
  /** Where batches are kept; by default below the state folder. */
  batches?: Place;
  skillFolders?: string[];
  endpoints: Endpoint[];
  queues: Prepared['queues'];
  /** Where files of sessions are kept. Default: a folder in the state folder. */
  store?: StoreSettings;
  /** Task queue of this host, for calls that need the workspaces it has; absent where it serves none of its own. */
  hostQueue?: string;
  /** A host that does not take a call within this time is taken for gone. Default 60. */
  hostLostSeconds?: number;
  /** How often a model call tells the server what it has so far. Default 1. */
  reportSeconds?: number;
  /** A failed tool tells the model `{"error": …}` instead of a plain sentence. */
  jsonErrors?: boolean;
}

export type WorkerActivities = SessionActivities & BatchActivities & Partial<Record<ToolName, ToolActivity>>;

/** All activities of a worker: the session's and the batch's own, and each tool it can serve under its model-facing name. */
export const makeActivities = async (options: ActivityOptions): Promise<WorkerActivities> =>
  (await makeSessionWork(options)).activities;

/** The activities, and the sweep that removes the workspaces of sessions which ended without their worker. */
export async function makeSessionWork(options: ActivityOptions): Promise<{
  activities: WorkerActivities;
  /** Of these, what the host of a workspace does for its sessions. */
  atHost: object;
  sweep: (service: TemporalService, namespace: string) => Promise<string[]>;
}> {
  const { stateDir, endpoints } = options;
  const fleet = makeFleet(endpoints);
  const sandbox = options.sandbox ?? openSandbox(options);
  const cache = cacheOf(options);
  const kept = openKept(stateDir, options.store);
  const tools = await makeTools({ ...options, fleet, sandbox, shared: kept.store }, cache);
  const files = sessionFiles({ stateDir, kept, sandbox, hostQueue: options.hostQueue });
  const research = endpoints.find(({ roles }) => roles.includes('research'));
  const session = {
    skillFolders: [],
    ...options,
    ...(options.web ? { fetchFile: webFiles({ ...options.web, robots: false }) } : {}),
    tools,
    files,
    kept,
    protocol: protocolOf(research?.format ?? 'deep_research'),
  };
  const tidied = tidyAfterLate({ stateDir, sandbox });
  const ofTools = tools.map((tool) => {
    const call = toolActivity(tool, { ...options, files });
    return [tool.name, tidied(call, ({ session }) => session.workspace)] as const;
  });
  const activities = {
    ...Object.fromEntries(ofTools),
    prepare: tidied(makePrepare(session)),
    fork: tidied(makeFork(session)),
    infer: makeInfer(fleet, options.reportSeconds),
    readFile: makeReadFile(kept),
    conclude: makeConclude({ stateDir, sandbox, kept, files, cache, accounts: accountsIn(options) }),
    ...makeBatchActivities({ ...options, kept }),
  };
  const sweep = (service: TemporalService, namespace: string) =>
    sweepWorkspaces({ stateDir, sandbox, service, namespace });
  const { conclude, readFile } = activities;
  const atHost = { ...Object.fromEntries(ofTools.filter(([name]) => usesWorkspace(name))), conclude, readFile };
  return { activities, atHost, sweep };
}
