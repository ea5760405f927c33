import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { serveVllm } from './serve-vllm.ts';

declare module 'vitest' {
  interface ProvidedContext {
    vllmUrls: string[];
    /** Starts another server; absent where the servers are somebody else's. */
    vllmCommand: string | undefined;
  }
}

const TINY = fileURLToPath(new URL('tiny/serve.sh', import.meta.url));

/** Takes the servers of `VLLM_URL`, or starts one with `VLLM_COMMAND`, by default the tiny one of this folder. */
export default async function setup(project: TestProject) {
  const { VLLM_URL, VLLM_COMMAND } = process.env;
  const command = VLLM_COMMAND || (VLLM_URL ? undefined : `'${TINY}'`);
  project.provide('vllmCommand', command);
  if (VLLM_URL) {
    const urls = VLLM_URL.split(',').map((url) => url.trim().replace(/\/+$/, ''));
    project.provide('vllmUrls', urls);
    return;
  }
  const server = await serveVllm(command as string);
  project.provide('vllmUrls', [server.url]);
  return () => server.end('SIGTERM');
}
