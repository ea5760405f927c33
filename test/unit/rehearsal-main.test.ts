import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { startRehearsal } from '../../local/rehearsal/server.ts';
import type { Json } from './rehearsal-client.ts';

const MAIN = new URL('../../local/rehearsal/main.ts', import.meta.url).pathname;
const BODY = JSON.stringify({ messages: [{ role: 'user', content: 'Hello there, who goes?' }], seed: 4 });

const reply = async (url: string): Promise<string> => {
  const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body: BODY });
  return ((await response.json()) as Json).choices[0].message.content;
};

test('as a process of its own it prints its URL, gives the same reply, and ends at SIGTERM', async () => {
  const child = spawn(process.execPath, [MAIN, '--port', '0', '--max-model-len', '5000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const models = (await (await fetch(`${url}/v1/models`)).json()) as Json;
    expect(models.data[0].max_model_len).toBe(5000);
    const here = await startRehearsal();
    expect(await reply(url)).toBe(await reply(here.url));
    await here.close();
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
  }
});

test.each([
  [['--port', 'x'], '--port: expected a number, got "x".'],
  [['--tokens-per-second', '0'], 'tokensPerSecond: expected a number above 0, got 0.'],
])('refuses %j', async (args, message) => {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (part) => {
    errors += part;
  });
  const [code] = await once(child, 'close');
  expect(code).not.toBe(0);
  expect(errors).toContain(message);
});
