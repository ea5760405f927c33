import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { widthOf } from '../../client/cli/text.ts';
import { type FakeTerminal, fakeTerminal } from './terminal.ts';

const PROGRAM = fileURLToPath(new URL('in-pty.py', import.meta.url));

/** A command that runs in a real terminal. */
export interface InPty {
  /** The terminal as a person sees it. */
  terminal: FakeTerminal;
  type(keys: string): void;
  /** Its exit code. */
  ended: Promise<number>;
  kill(): void;
}

export function runInPty(command: string[], { columns = 80, rows = 24, env = process.env } = {}): InPty {
  const child = spawn('python3', [PROGRAM, String(columns), String(rows), ...command], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const terminal = fakeTerminal(columns, widthOf);
  child.stdout.setEncoding('utf8').on('data', (text: string) => terminal.write(text));
  return {
    terminal,
    type: (keys) => child.stdin.write(keys),
    ended: once(child, 'close').then(([code]) => code as number),
    kill: () => child.kill('SIGKILL'),
  };
}
