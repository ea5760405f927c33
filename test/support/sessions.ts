import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, type WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { RehearsalOptions as Play } from '../../local/rehearsal/policy/options.ts';
import type { LoggedRequest } from '../../local/rehearsal/request-log.ts';
import {
  REHEARSAL_MODEL,
  type Rehearsal,
  type RehearsalOptions,
  startRehearsal,
} from '../../local/rehearsal/server.ts';
import { type DevServer, startDevServer } from '../../local/temporal/dev-server.ts';
import { findTemporalCli } from '../../local/temporal/find-cli.ts';
import type { InferProgress } from '../../protocol/activities.ts';
import type { ResearchInput } from '../../protocol/input.ts';
import { QUERY, WORKFLOW } from '../../protocol/names.ts';
import type { ResearchResult } from '../../protocol/result.ts';
import type { Status } from '../../protocol/status.ts';
import { startWorker, type WorkerProcess } from './worker-process.ts';

/** For `beforeAll`: a machine without the CLI builds it once. */
export const START_LIMIT_MS = 45 * 60_000;

/** For workers in tests: nobody outside is asked. */
export const NO_PROVIDERS = {
  DEEP_RESEARCH_SEARCH_PROVIDERS: 'none',
  DEEP_RESEARCH_SCHOLAR_PROVIDERS: 'none',
  DEEP_RESEARCH_IMAGE_PROVIDERS: 'none',
};

type Workflow = (input: string | ResearchInput) => Promise<ResearchResult>;
export type SessionHandle = WorkflowHandleWithFirstExecutionRunId<Workflow>;

/** Whole sessions on real parts: a dev server, the rehearsal model in this process, workers as processes. */
export interface Sessions {
  client: Client;
  address: string;
  /** Of the server's Web UI. */
  uiUrl: string;
  /** Path of the Temporal CLI. */
  cli: string;
  /** This file's own, so that files can share a server. */
  taskQueue: string;
  /** The workers' state folder. */
  stateDir: string;
  /** The rehearsal model: faults, and the log of requests with their bodies. */
  model: Rehearsal;
  /** Those that were started, in order. */
  workers: readonly WorkerProcess[];
  /** Environment of a worker for this server, queue and model. */
  env: NodeJS.ProcessEnv;
  /** A worker in a process of its own, with more environment. */
  work(env?: NodeJS.ProcessEnv): Promise<WorkerProcess>;
  /** `type`: by default a session. */
  start(input: unknown, workflowId?: string, type?: string): Promise<SessionHandle>;
  /** Ends everything that was started, and removes the folder. */
  close(): Promise<void>;
}

export interface SessionsOptions {
  /** Of the rehearsal model; bodies are kept. */
  model?: RehearsalOptions;
  /** Default: one of this file's own. */
  taskQueue?: string;
  /** A server of one's own, to be killed or tuned; by default the files of a run share one. */
  server?: Pick<DevServer, 'address' | 'uiUrl'>;
}

/** Call in `beforeAll`, and `close` in `afterAll`. */
export async function openSessions(options: SessionsOptions = {}): Promise<Sessions> {
  const cli = (await findTemporalCli({ onProgress: (line) => console.log(line) })).path;
  const { address, uiUrl } = options.server ?? (await sharedServer(cli));
  const stateDir = mkdtempSync(join(tmpdir(), 'deep-research-state-'));
  const model = await startRehearsal({ keepBodies: true, ...options.model });
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const taskQueue = options.taskQueue ?? `test-${randomUUID()}`;
  const workers: WorkerProcess[] = [];
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_TASK_QUEUE: taskQueue,
    DEEP_RESEARCH_STATE_DIR: stateDir,
    LLM_SERVER_BASE_ENDPOINT_URL: model.url,
    LLM_SERVER_MODEL_NAME: REHEARSAL_MODEL,
    ...NO_PROVIDERS,
  };
  return {
    client,
    address,
    uiUrl,
    cli,
    taskQueue,
    stateDir,
    model,
    workers,
    env,
    async work(more = {}) {
      const worker = await startWorker({ ...env, ...more });
      workers.push(worker);
      return worker;
    },
    start: (input, workflowId = `s-${randomUUID()}`, type: string = WORKFLOW.session) =>
      client.workflow.start<Workflow>(type, {
        workflowId,
        taskQueue,
        args: [input as ResearchInput],
      }),
    async close() {
      await Promise.all(workers.map((worker) => worker.stop()));
      await model.close();
      await connection.close();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

/** The first file to ask starts it; `run-folder.ts` ends it after the last. */
async function sharedServer(cli: string): Promise<DevServer> {
  // Imported here, since the recording of histories uses the rest without vitest.
  const { inject } = await import('vitest');
  return startDevServer({ stateDir: inject('devServerFolder'), cli, port: 0, uiPort: 0 });
}

/** Input for a session whose model plays by a script. */
export const played = (play: Play & Record<string, unknown>, input: Partial<ResearchInput> = {}): ResearchInput => ({
  question: 'What colour is the flag of Chad?',
  ...input,
  model: { seed: 7, ...input.model, extraBody: { rehearsal: play } },
});

/** Waits for a condition. Throws, naming it, when a loaded machine would have come to it. */
export async function eventually(what: string, condition: () => unknown, limitMs = 180_000): Promise<void> {
  const end = Date.now() + limitMs;
  for (;;) {
    let seen: unknown;
    try {
      seen = await condition();
      if (seen) return;
    } catch (error) {
      // Not yet: a session that is being prepared answers no query.
      seen = error;
    }
    if (Date.now() > end) throw new Error(`Waited ${limitMs / 1000} s in vain: ${what}`, { cause: seen });
    await sleep(50);
  }
}

export const statusOf = (session: SessionHandle): Promise<Status> => session.query<Status, []>(QUERY.status);

/** The first call of a workflow that is under way, or waits for its next attempt. */
export async function pendingCall(workflow: Pick<SessionHandle, 'describe'>) {
  const [call] = (await workflow.describe()).raw.pendingActivities ?? [];
  return call;
}

/** What the last heartbeat of a model call told the server. */
export function progressOf(call: Awaited<ReturnType<typeof pendingCall>>): InferProgress | undefined {
  const [payload] = call?.heartbeatDetails?.payloads ?? [];
  return payload?.data ? JSON.parse(Buffer.from(payload.data).toString()) : undefined;
}

/** The model calls so far, oldest first. */
export const modelCalls = ({ model }: Pick<Sessions, 'model'>): LoggedRequest[] =>
  model.requests.list().filter(({ path }) => path.endsWith('/completions'));
