import { join, resolve } from 'node:path';
import { saveArtifacts } from '../client/cli/commands/artifacts.ts';
import { EXIT, Exit, report } from '../client/cli/exit.ts';
import { noticesTo } from '../client/cli/live-view/notices.ts';
import { connectDeepResearch, sharedStore } from '../client/index.ts';
import type { Blobs } from '../store/blobs.ts';
import { clientCommand, commandAgain } from './again.ts';
import { findOrStart } from './find-or-start.ts';
import { follow } from './follow.ts';
import { type LocalOptions, localProgram } from './program.ts';
import { corpusFolder, requestOf } from './request.ts';
import { chosenSkills } from './skill-options.ts';
import { startTemporal, startWorker } from './stack.ts';
import { createStateFolder, stateFolder } from './state-folder.ts';

const { env } = process;
const again = commandAgain(process.argv.slice(2), env);
const interrupt = new AbortController();
const { signal } = interrupt;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    // The second time at once: the worker notices, and the next command finds the server.
    if (signal.aborted) process.exit(EXIT.interrupted);
    interrupt.abort();
  });
}
// Nobody reads any more, as after `npm start … | head`.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => interrupt.abort());

async function run(question: string | undefined, options: LocalOptions): Promise<void> {
  const out = options.json ? process.stderr : process.stdout;
  const notices = noticesTo((line) => out.write(`${line}\n`));
  const { say } = notices;
  // npm runs scripts in the project's folder; a path is meant from where the command was typed.
  const cwd = (env.npm_lifecycle_event === 'start' && env.INIT_CWD) || process.cwd();
  const stateDir = createStateFolder(stateFolder(env, process.cwd())).root;
  const surroundings = { stateDir, env, say, signal };
  if (question === undefined) return serve(options, cwd, surroundings);

  const storeDir = { DEEP_RESEARCH_STORE_DIR: env.DEEP_RESEARCH_STORE_DIR || join(stateDir, 'store') };
  const store = sharedStore({ ...env, ...storeDir }) as Blobs;
  const input = await requestOf(question, options, { stateDir, cwd, store });
  await using opened = new AsyncDisposableStack();
  const server = await startTemporal(surroundings);
  opened.defer(() => server.stop());
  const client = await connectDeepResearch({ env: { ...server.env, ...storeDir } });
  opened.defer(() => client.close());
  const { session, ended } = await findOrStart(client, input, { stateDir, isNew: options.new });
  const path = `/namespaces/default/workflows/${encodeURIComponent(session.id)}`;
  say(`Session ${session.id}${server.uiUrl ? `\nWeb UI  ${server.uiUrl}${path}` : ''}`);
  if (!ended) opened.defer(await startWorker({ ...surroundings, env: server.env }));
  say('');
  await follow(session, {
    json: options.json,
    notices,
    ended,
    signal,
    again,
    command: clientCommand(server.address, env),
  });
  if (options.out !== undefined) await saveArtifacts(session, resolve(cwd, options.out), process.stderr);
}

/** Everything runs until Ctrl-C, for sessions that others start. */
async function serve(
  options: LocalOptions,
  cwd: string,
  surroundings: Parameters<typeof startTemporal>[0],
): Promise<void> {
  const { say } = surroundings;
  const corpus = options.corpus === undefined ? undefined : corpusFolder(options.corpus, cwd);
  await using opened = new AsyncDisposableStack();
  const server = await startTemporal(surroundings);
  opened.defer(() => server.stop());
  const { folders: skills } = await chosenSkills(options, cwd);
  const folders = {
    ...(corpus === undefined ? {} : { DEEP_RESEARCH_CORPUS_DIR: JSON.stringify([corpus]) }),
    ...(skills.length === 0 ? {} : { DEEP_RESEARCH_SKILLS_DIR: JSON.stringify(skills) }),
  };
  opened.defer(await startWorker({ ...surroundings, env: { ...server.env, ...folders } }));
  say(`Ready. Ask with:  ${clientCommand(server.address, env)} ask "…"\nCtrl-C ends it; sessions are kept.`);
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
}

try {
  await localProgram(run).parseAsync();
  process.exit();
} catch (error) {
  if (signal.aborted && !(error instanceof Exit)) {
    process.stderr.write(`Nothing was asked yet. To ask:\n  ${again}\n`);
    process.exit(EXIT.interrupted);
  }
  process.exit(report(error, process.stderr, env, 'npm start'));
}
