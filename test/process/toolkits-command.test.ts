import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { STDIO } from '../support/mcp/open.ts';

const CLI = fileURLToPath(new URL('../../client/cli/main.ts', import.meta.url));

let folder: string;
const children: ChildProcess[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'toolkits-command-'));
});
afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGTERM');
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => runWith({}, ...args);

function runWith(more: NodeJS.ProcessEnv, ...args: string[]) {
  const env = { PATH: process.env.PATH, HOME: folder, DEEP_RESEARCH_STATE_DIR: join(folder, 'state'), ...more };
  const child = spawn(process.execPath, [CLI, 'toolkits', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const seen = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    seen.err += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code, ...seen }));
  /** Waits for something it says. */
  const says = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = pattern.exec(seen.out)?.[1];
      if (found !== undefined) return found;
      await Promise.race([once(child.stdout, 'data'), ended.then(() => Promise.reject(new Error(seen.err)))]);
    }
  };
  return { child, ended, says };
}

test('the command serves until it is told to stop, without a model server or Temporal', async () => {
  const { child, ended, says } = run('--port', '0', '--files', join(folder, 'data'));
  const url = await says(/^Tool service at (\S+)$/m);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const response = await fetch(`${url}/bash`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"request_id":"bash","use_cache":true,"params":{"command":"echo $((6*7))"},"conversation_id":"a/b"}',
  });
  expect(await response.json()).toEqual({ result: expect.stringContaining('42') });
  await says(/(POST \/bash 200)/);
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ code: 0, err: '' });
  await expect(fetch(url)).rejects.toThrow();
});

test('tools of MCP servers are served as well, and end with the command', async () => {
  const { child, ended, says } = runWith(
    { DEEP_RESEARCH_MCP_SERVERS: JSON.stringify({ mcpServers: { harbour: STDIO } }) },
    ...['--port', '0', '--files', join(folder, 'data')],
  );
  const url = await says(/^Tool service at (\S+)$/m);
  const response = await fetch(`${url}/tide`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"request_id":"tide","params":{"harbour":"Emden"}}',
  });
  const { result } = (await response.json()) as { result: string };
  const pid = Number(/^Emden: high water at 12:40 \(process (\d+)\)$/.exec(result)?.[1]);
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ code: 0, err: '' });
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

test('--help says what it takes, and a wrong port or a taken one what is wrong', async () => {
  const [help, wrong, { says }] = [run('--help').ended, run('--port', 'x').ended, run('--port', '0')];
  const port = await says(/:(\d+)$/m);
  const taken = run('--port', port).ended;
  expect(await help).toMatchObject({ code: 0, out: expect.stringContaining('--files DIR') });
  expect(await wrong).toEqual({ code: 1, out: '', err: '--port: expected a number up to 65535, got "x".\n' });
  expect(await taken).toMatchObject({
    code: 1,
    err: `--host, --port: cannot listen at 127.0.0.1:${port} (another program listens there).\n`,
  });
});
