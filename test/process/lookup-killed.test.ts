import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ToolCallOutput } from '../../protocol/tool-call.ts';
import { type LocalServer, type Seen, withServer } from '../support/providers/local-server.ts';
import type { Attempt } from './lookup-attempt.ts';
import { until } from './sandbox-setup.ts';

const ATTEMPT = fileURLToPath(new URL('./lookup-attempt.ts', import.meta.url));

let stateDir: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'lookup-killed-'));
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  rmSync(stateDir, { recursive: true, force: true, maxRetries: 5 });
});

function attempt(url: string, query: string[]) {
  const settings: Attempt = { stateDir, url, query };
  const child = spawn(process.execPath, [ATTEMPT, JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  const output = text(child.stdout);
  return { child, output: async () => JSON.parse(await output) as ToolCallOutput };
}

const answer = ({ body }: Seen) => ({
  body: { searchParameters: body, organic: [{ title: `On ${body?.q}`, link: `https://example.org/${body?.q}` }] },
});
const asked = ({ requests }: LocalServer) => requests.map(({ body }) => body?.q);

function records(): string[] {
  const calls = join(stateDir, 'calls', 'session');
  return existsSync(calls) ? readdirSync(calls).filter((name) => name.endsWith('.lookup.json')) : [];
}

test('an answer is paid for once, though the worker is killed before the call is done', async () => {
  let hold = true;
  const behaviour = (request: Seen) => (hold && request.body?.q === 'tides' ? 'hang' : answer(request));
  await withServer(behaviour, async (server) => {
    const { child } = attempt(server.url, ['lamps', 'tides']);
    // The provider's answer and the answer to the query; the other query's answer is still out.
    await until('the first query is recorded and the second is asked', () => {
      return records().length === 2 && asked(server).includes('tides');
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    hold = false;

    const { text: result, lookups } = await attempt(server.url, ['lamps', 'tides']).output();
    expect(asked(server).toSorted()).toEqual(['lamps', 'tides', 'tides']);
    expect(result).toMatch(/^A Search for 'lamps' found 1 [\s\S]*A Search for 'tides' found 1 results:/);
    expect(lookups).toEqual([
      { query: 'lamps', from: ['serper'] },
      { query: 'tides', from: ['serper'] },
    ]);
    // Killed once more, after the call was done but before the server heard of it.
    expect(await attempt(server.url, ['lamps', 'tides']).output()).toMatchObject({ text: result });
    expect(asked(server)).toHaveLength(3);
  });
});
