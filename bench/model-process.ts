import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A model server in a process of its own: its work must not be done by the process that is measured. */
export interface ModelProcess {
  url: string;
  /** The text that it answers at a path of its own. */
  ask(path: string): Promise<string>;
  stop(): Promise<void>;
}

/** @param program its file, which prints its URL when it listens, and arguments */
export async function startModel(program: string[]): Promise<ModelProcess> {
  const child = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const end = () => child.kill('SIGTERM');
  process.once('exit', end);
  void exited.then(() => process.off('exit', end));
  for await (const url of createInterface({ input: child.stdout })) {
    return {
      url,
      ask: async (path) => (await fetch(`${url}${path}`)).text(),
      async stop() {
        end();
        await exited;
      },
    };
  }
  throw new Error('The model server ended before it was ready.');
}
