import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Example {
  code: string;
  output(): string;
  /** SIGTERM, and waits for the end. Resolves to the exit code. */
  stop(): Promise<number | null>;
}

/** The document's first block of code in a language. */
export function codeOf(document: string, language: string): string {
  const [, code] =
    new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(readFileSync(join(ROOT, document), 'utf8')) ?? [];
  if (code === undefined) throw new Error(`${document} has no program in ${language}.`);
  return code;
}

/** Runs the first TypeScript program of a document, which imports this package by its name, as its reader would. */
export function runExample(document: string, env: NodeJS.ProcessEnv): Example {
  const code = codeOf(document, 'ts');
  const folder = mkdtempSync(join(tmpdir(), 'deep-research-example-'));
  const ours = join(folder, 'node_modules', 'temporal-deep-research');
  mkdirSync(ours, { recursive: true });
  writeFileSync(
    join(ours, 'package.json'),
    JSON.stringify({ type: 'module', exports: { './worker': './worker/index.ts' } }),
  );
  symlinkSync(join(ROOT, 'worker'), join(ours, 'worker'));
  for (const name of ['zod', '@temporalio']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  }
  writeFileSync(join(folder, 'worker.mts'), code);
  const child = spawn(process.execPath, ['worker.mts'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return {
    code,
    output: () => output,
    async stop() {
      if (isUp(child)) child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
      return child.exitCode;
    },
  };
}

const isUp = (child: ChildProcess) => child.exitCode === null && child.signalCode === null;
