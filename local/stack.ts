import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readVariables } from '../worker/configuration/sources.ts';
import { REHEARSAL_MODEL, startRehearsal } from './rehearsal/server.ts';
import { createStateFolder, stateFolder } from './state-folder.ts';
import { findTemporalCli } from './temporal/find-cli.ts';
import { type SupervisedDevServer, type SupervisorEvent, superviseDevServer } from './temporal/supervise.ts';
import { superviseWorker } from './worker-process.ts';

export interface Stack {
  address: string;
  uiUrl?: string;
  stateDir: string;
  stop(): Promise<void>;
}

/** Everything a session needs on this machine: what the environment does not name is started. */
export async function runLocally(options: {
  corpus?: string;
  env: NodeJS.ProcessEnv;
  say: (line: string) => void;
}): Promise<Stack> {
  const { env, say } = options;
  // What is wrong here is told before anything is started.
  const settings = readVariables(env);
  const state = createStateFolder(stateFolder(env, process.cwd()));
  let server: SupervisedDevServer | undefined;
  if (!env.TEMPORAL_ADDRESS) {
    const cli = await findTemporalCli({ env, onProgress: say });
    server = await superviseDevServer({
      stateDir: state.root,
      cli: cli.path,
      onEvent: (event) => say(serverNews(event)),
    });
    say(`Temporal ${server.address} · Web UI ${server.uiUrl}`);
  }
  const address = env.TEMPORAL_ADDRESS ?? (server?.address as string);
  const hasModel = settings.LLM_SERVER_BASE_ENDPOINT_URL?.length || settings.DEEP_RESEARCH_ENDPOINTS?.length;
  const rehearsal = hasModel ? undefined : await startRehearsal();
  if (rehearsal) say('No LLM_SERVER_BASE_ENDPOINT_URL is set: the rehearsal model answers.');
  const stopWorker = await superviseWorker(
    {
      ...env,
      TEMPORAL_ADDRESS: address,
      DEEP_RESEARCH_STATE_DIR: state.root,
      DEEP_RESEARCH_CORPUS_DIR: JSON.stringify([
        ...new Set([...knownCorpora(state.root, options.corpus), ...(settings.DEEP_RESEARCH_CORPUS_DIR ?? [])]),
      ]),
      ...(rehearsal ? { LLM_SERVER_BASE_ENDPOINT_URL: rehearsal.url, LLM_SERVER_MODEL_NAME: REHEARSAL_MODEL } : {}),
    },
    () => say('The worker ended; starting it again.'),
  );
  return {
    address,
    ...(server ? { uiUrl: server.uiUrl } : {}),
    stateDir: state.root,
    async stop() {
      await stopWorker();
      await rehearsal?.close();
      await server?.stop();
    },
  };
}

function serverNews(event: SupervisorEvent): string {
  if (event.type === 'exited') return 'Temporal ended; starting it again.';
  if (event.type === 'restarted') return 'Temporal runs again.';
  return `Temporal cannot be started again, next try in ${event.retryMs / 1000} s: ${event.error.message}`;
}

/** The folders of this and earlier commands, so that an older session that goes on still finds its own. */
function knownCorpora(stateDir: string, corpus?: string): string[] {
  const file = join(stateDir, 'corpora.json');
  let known: string[] = [];
  try {
    known = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // The first command here.
  }
  const all = [...new Set([...(corpus ? [corpus] : []), ...known.filter((path) => existsSync(path))])];
  writeFileSync(file, JSON.stringify(all));
  return all;
}
