import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

/** The first start may install and load for long. */
const START_LIMIT_MS = 30 * 60_000;

export interface VllmServer {
  url: string;
  /** SIGTERM lets it end, SIGKILL does not. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** Runs a command that serves a vLLM in the foreground, and waits until it does. */
export async function serveVllm(command: string): Promise<VllmServer> {
  const port = await freePort();
  const child = spawn('bash', ['-c', `exec ${command} ${port}`], { detached: true, stdio: 'inherit' });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const server: VllmServer = {
    url,
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      process.kill(-child.pid, signal);
      await exited;
    },
  };
  const limit = Date.now() + START_LIMIT_MS;
  while (!(await isWell(url))) {
    if (child.exitCode !== null || Date.now() > limit) {
      await server.end('SIGKILL');
      throw new Error(`The command does not serve a vLLM at ${url}: ${command}`);
    }
    await sleep(1000);
  }
  return server;
}

const isWell = (url: string): Promise<boolean> =>
  fetch(`${url}/health`).then(
    ({ ok }) => ok,
    () => false,
  );
