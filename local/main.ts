import { realpathSync } from 'node:fs';
import { Command } from 'commander';
import { watchInTerminal } from '../client/cli/live-view/watch-in-terminal.ts';
import { connectDeepResearch } from '../client/index.ts';
import { sessionIdOf } from './session-id.ts';
import { runLocally } from './stack.ts';
import { storeFile } from './store-file.ts';

interface Options {
  corpus?: string;
  file: string[];
  new?: boolean;
  maxRounds?: string;
  json?: boolean;
}

const program = new Command('npm start --')
  .description(
    'Ask a question with everything on this machine: Temporal, a worker and, without a model server, the rehearsal model.',
  )
  .argument('[question]', 'the question; without one, everything runs until Ctrl-C and the Web UI starts sessions')
  .option('--corpus <dir>', 'folder of documents to search')
  .option('--file <path>', 'file to attach; may be repeated', (path, all: string[]) => [...all, path], [])
  .option('--max-rounds <n>', 'most rounds (150)')
  .option('--new', 'ask again instead of showing the answer of the same question')
  .option('--json', 'print the result as JSON')
  .action(main);

async function main(question: string | undefined, options: Options): Promise<void> {
  const interrupt = new AbortController();
  process.on('SIGINT', () => interrupt.abort());
  process.on('SIGTERM', () => interrupt.abort());
  const say = options.json ? () => {} : (line: string) => console.log(line);
  const corpus = options.corpus === undefined ? undefined : folder(options.corpus);
  const stack = await runLocally({ corpus, say, env: process.env });
  try {
    const client = await connectDeepResearch({ address: stack.address });
    if (question === undefined) {
      say('Ready; Ctrl-C ends it.');
      await new Promise((resolve) => interrupt.signal.addEventListener('abort', resolve));
      return;
    }
    const settings = {
      files: await Promise.all(options.file.map((path) => storeFile(stack.stateDir, path))),
      ...(corpus ? { corpus } : {}),
      ...(options.maxRounds ? { maxRounds: Number(options.maxRounds) } : {}),
    };
    const base = sessionIdOf(question, settings);
    const id = options.new ? `${base}-${Date.now().toString(36)}` : base;
    const session = options.new
      ? await client.start({ question, ...settings }, { id })
      : await client.attach(id).catch(() => client.start({ question, ...settings }, { id }));
    say(
      `Session ${id}\n${stack.uiUrl ? `Web UI  ${stack.uiUrl}/namespaces/default/workflows/${encodeURIComponent(id)}\n` : ''}`,
    );
    if (options.json) {
      console.log(JSON.stringify(await session.result(), null, 2));
    } else {
      const result = await watchInTerminal(session, { signal: interrupt.signal });
      if (!result) say('\nThe session is kept. The same command goes on with it.');
    }
  } finally {
    await stack.stop();
  }
}

function folder(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    throw new Error(`--corpus ${path}: there is no such folder`);
  }
}

try {
  await program.parseAsync();
  process.exit();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
