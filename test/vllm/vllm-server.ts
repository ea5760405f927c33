import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestProject } from 'vitest/node';
import { freePort } from './free-port.ts';

declare module 'vitest' {
  interface ProvidedContext {
    vllmUrls: string[];
  }
}

/** The first start may install and load for long. */
const START_LIMIT_MS = 15 * 60_000;

/** Takes the servers of `VLLM_URL`, or starts one with `VLLM_COMMAND`, which is given the port as its last argument. */
export default async function setup(project: TestProject) {
  const { VLLM_URL, VLLM_COMMAND } = process.env;
  if (VLLM_URL) {
    project.provide(
      'vllmUrls',
      VLLM_URL.split(',').map((url) => url.trim().replace(/\/+$/, '')),
    );
    return;
  }
  if (!VLLM_COMMAND) {
    throw new Error(
      'These tests need a real vLLM: set VLLM_URL to the URLs of running servers, separated by commas, or VLLM_COMMAND to a command that serves one in the foreground on the port given as its last argument.',
    );
  }
  const port = await freePort();
  const child = spawn('bash', ['-c', `exec ${VLLM_COMMAND} ${port}`], { detached: true, stdio: 'inherit' });
  const url = `http://127.0.0.1:${port}`;
  project.provide('vllmUrls', [url]);
  const end = Date.now() + START_LIMIT_MS;
  while (
    !(await fetch(`${url}/health`)
      .then(({ ok }) => ok)
      .catch(() => false))
  ) {
    if (child.exitCode !== null || Date.now() > end) throw new Error(`VLLM_COMMAND did not serve at ${url}.`);
    await sleep(1000);
  }
  return async () => {
    if (child.exitCode !== null || child.pid === undefined) return;
    const exited = once(child, 'exit');
    process.kill(-child.pid, 'SIGTERM');
    await exited;
  };
}
