import { join } from 'node:path';
import { readVariables } from '../worker/configuration/sources.ts';
import { REHEARSAL_MODEL, startRehearsal } from './rehearsal/server.ts';
import { findTemporalCli } from './temporal/find-cli.ts';
import { type SupervisorEvent, superviseDevServer } from './temporal/supervise.ts';
import { superviseWorker } from './worker-process.ts';

export interface LocalServer {
  address: string;
  /** Of a server that was started here. */
  uiUrl?: string;
  /** Environment for clients and workers of this server. */
  env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

interface Surroundings {
  stateDir: string;
  env: NodeJS.ProcessEnv;
  /** Lines for people. */
  say: (line: string) => void;
  signal?: AbortSignal;
}

/** The Temporal server: the one at `TEMPORAL_ADDRESS`, else one of this machine's own. */
export async function startTemporal({ stateDir, env, say, signal }: Surroundings): Promise<LocalServer> {
  // What is wrong in the environment is told before anything is started.
  readVariables(env);
  const given = env.TEMPORAL_ADDRESS?.trim();
  if (given) return { address: given, env, stop: async () => {} };
  const cli = await findTemporalCli({ env, onProgress: say, signal });
  const server = await superviseDevServer({
    stateDir,
    cli: cli.path,
    signal,
    onEvent: (event) => say(serverNews(event)),
  });
  const { address, uiUrl } = server;
  say(`Temporal ${address} · Web UI ${uiUrl}`);
  return {
    address,
    uiUrl,
    env: environmentOf(address, stateDir, env),
    async stop() {
      await server.stop();
    },
  };
}

/** A worker and, where no model server is named, the rehearsal model. Resolves to what stops both. */
export async function startWorker({ stateDir, env, say }: Surroundings): Promise<() => Promise<void>> {
  const settings = readVariables(env);
  const hasModel = settings.LLM_SERVER_BASE_ENDPOINT_URL?.length || settings.DEEP_RESEARCH_ENDPOINTS?.length;
  const rehearsal = hasModel ? undefined : await startRehearsal();
  if (rehearsal) say('No LLM_SERVER_BASE_ENDPOINT_URL is set: the rehearsal model answers.');
  const model = rehearsal && { LLM_SERVER_BASE_ENDPOINT_URL: rehearsal.url, LLM_SERVER_MODEL_NAME: REHEARSAL_MODEL };
  try {
    const stop = await superviseWorker(
      { DEEP_RESEARCH_LOG_FORMAT: 'text', ...env, DEEP_RESEARCH_STATE_DIR: stateDir, ...model },
      join(stateDir, 'worker.log'),
      () => say('The worker ended; starting it again.'),
    );
    return async () => {
      await stop();
      await rehearsal?.close();
    };
  } catch (error) {
    await rehearsal?.close();
    throw error;
  }
}

/** What the user has set about another server does not hold for our own. */
function environmentOf(address: string, stateDir: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const others = Object.entries(env).filter(
    ([name]) => !name.startsWith('TEMPORAL_') || name === 'TEMPORAL_TASK_QUEUE',
  );
  return {
    ...Object.fromEntries(others),
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: 'default',
    // A file that is not there: the usual one may hold another server's certificates.
    TEMPORAL_CONFIG_FILE: join(stateDir, 'no-temporal-config.toml'),
  };
}

function serverNews(event: SupervisorEvent): string {
  if (event.type === 'beyond-use') return `Temporal runs, but ${event.reason}; ending it.`;
  if (event.type === 'exited') return 'Temporal ended; starting it again.';
  if (event.type === 'restarted') return 'Temporal runs again.';
  return `Temporal cannot be started again, next try in ${event.retryMs / 1000} s: ${event.error.message}`;
}
