import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, openSessions, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';

/** What `npm pack` makes, installed into an empty project by npm, and used from there as others would. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LIMIT_MS = 15 * 60_000;
const run = promisify(execFile);

const project = mkdtempSync(join(tmpdir(), 'package-'));
const hadBuilt = existsSync(join(ROOT, 'dist'));
let sessions: Sessions;

beforeAll(async () => {
  sessions = await openSessions();
}, START_LIMIT_MS);

afterAll(async () => {
  await sessions?.close();
  rmSync(project, { recursive: true, force: true });
  if (!hadBuilt) rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
});

const write = (name: string, lines: string[]) => writeFileSync(join(project, name), `${lines.join('\n')}\n`);

/** Only what a program of the project needs, and nothing of this repository. */
const env = () => ({ ...sessions.env, NODE_ENV: 'production' });
const node = async (...args: string[]) =>
  (await run(process.execPath, args, { cwd: project, env: env(), timeout: LIMIT_MS })).stdout;

test('library, plugin and command line work in an empty project', { timeout: LIMIT_MS }, async () => {
  const packed = await run('npm', ['pack', '--json', '--pack-destination', project], { cwd: ROOT, timeout: LIMIT_MS });
  const [{ filename, files, size }] = JSON.parse(packed.stdout.slice(packed.stdout.indexOf('[\n')));
  const names: string[] = files.map(({ path }: { path: string }) => path);
  expect(names).toContain('bin/deep-research.js');
  expect(names).toContain('README.md');
  const isSource = (name: string) => /^(test|bench)\//.test(name) || (name.endsWith('.ts') && !name.endsWith('.d.ts'));
  expect(
    names.filter((name) => isSource(name) || /secret|\.env/.test(name.replace(/^dist\/.*secret(-file)?\./, ''))),
  ).toEqual([]);
  expect(size).toBeLessThan(2_000_000);

  write('package.json', [JSON.stringify({ name: 'empty', version: '1.0.0', type: 'module' })]);
  await run('npm', ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', filename], {
    cwd: project,
    timeout: LIMIT_MS,
  });

  write('workflows.mjs', ["export async function hello(name) { return 'Hello ' + name; }"]);
  write('worker.mjs', [
    "import { fileURLToPath } from 'node:url';",
    "import { NativeConnection, Worker } from '@temporalio/worker';",
    "import { deepResearchPlugin } from 'temporal-deep-research/worker';",
    'const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS });',
    'const worker = await Worker.create({',
    '  connection,',
    '  taskQueue: process.env.TEMPORAL_TASK_QUEUE,',
    "  workflowsPath: fileURLToPath(new URL('workflows.mjs', import.meta.url)),",
    '  plugins: [await deepResearchPlugin()],',
    '});',
    "console.log('ready');",
    'await worker.run();',
  ]);
  write('ask.mjs', [
    "import { connectDeepResearch } from 'temporal-deep-research/client';",
    "import { parseResearchInput } from 'temporal-deep-research/protocol';",
    "const question = 'What colour is the flag of Chad?';",
    "if ('error' in parseResearchInput({ question })) throw new Error('the protocol refuses it');",
    'await using client = await connectDeepResearch();',
    "const session = await client.start({ question, tools: ['bash'] }, { id: 'from-the-package' });",
    'const types = new Set();',
    'for await (const event of session.watch({ intervalMs: 200 })) types.add(event.type);',
    'const { stopReason } = await session.result();',
    'console.log(JSON.stringify({ types: [...types], stopReason }));',
  ]);
  const worker = spawn(process.execPath, ['worker.mjs'], {
    cwd: project,
    env: env(),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  worker.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  try {
    await eventually('the worker is ready', () => said.includes('ready'));
    const told = JSON.parse(await node('ask.mjs'));
    expect(told.stopReason).toBe('no_tool_calls');
    expect(told.types).toEqual(expect.arrayContaining(['round-finished', 'answered']));
    const hello = await sessions.client.workflow.execute('hello', {
      workflowId: 'hello',
      taskQueue: sessions.taskQueue,
      args: ['you'],
    });
    expect(hello).toBe('Hello you');

    const command = 'node_modules/.bin/deep-research';
    // Other tests have sessions on this server.
    const own = "WorkflowId='from-the-package'";
    expect(await node(command, 'list', '--query', own)).toMatch(/^from-the-package {2}completed/m);
    expect(await node(command, 'replay', 'from-the-package')).toMatch(/^Replays with the code of today\./);
    const findings = JSON.parse(await node(command, 'doctor', '--json', '--skip', 'models,search'));
    expect(findings).toMatchObject({ good: true });
  } finally {
    worker.kill('SIGTERM');
    await once(worker, 'exit');
  }
  // A worker of the package by itself, as the image runs it.
  const main = 'node_modules/temporal-deep-research/dist/worker/main.js';
  expect(await node(main, '--check')).toMatch(/The configuration is good\.\n$/);
  expect(readFileSync(join(project, 'package.json'), 'utf8')).toContain('temporal-deep-research');
});
