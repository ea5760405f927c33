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
  /** Its own end; resolves to the exit code. */
  ended(): Promise<number | null>;
  /** SIGTERM, and waits for the end. Resolves to the exit code. */
  stop(): Promise<number | null>;
}

/** The document's blocks of code in a language; there is at least one. */
export function codesOf(document: string, language: string): [string, ...string[]] {
  const blocks = readFileSync(join(ROOT, document), 'utf8').matchAll(
    new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'),
  );
  const [first, ...more] = [...blocks].map(([, code = '']) => code);
  if (first === undefined) throw new Error(`${document} has no program in ${language}.`);
  return [first, ...more];
}

export const codeOf = (document: string, language: string): string => codesOf(document, language)[0];

/** A folder in which this package is installed, with a file. To be removed by the caller. */
export function exampleFolder(file: string, code: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'deep-research-example-'));
  const ours = join(folder, 'node_modules', 'temporal-deep-research');
  mkdirSync(ours, { recursive: true });
  const parts = ['worker', 'client', 'protocol'];
  const exports = Object.fromEntries(parts.map((part) => [`./${part}`, `./${part}/index.ts`]));
  writeFileSync(join(ours, 'package.json'), JSON.stringify({ type: 'module', exports }));
  for (const part of parts) symlinkSync(join(ROOT, part), join(ours, part));
  for (const name of ['zod', '@temporalio']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  }
  writeFileSync(join(folder, file), code);
  return folder;
}

/** Runs a TypeScript program of a document, by default its first, which imports this package by its name, as its reader would. */
export function runExample(document: string, env: NodeJS.ProcessEnv, code = codeOf(document, 'ts')): Example {
  const folder = exampleFolder('program.mts', code);
  const child = spawn(process.execPath, ['program.mts'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = async () => {
    await exited;
    rmSync(folder, { recursive: true, force: true });
    return child.exitCode;
  };
  return {
    code,
    output: () => output,
    ended,
    stop() {
      if (isUp(child)) child.kill('SIGTERM');
      return ended();
    },
  };
}

const isUp = (child: ChildProcess) => child.exitCode === null && child.signalCode === null;
