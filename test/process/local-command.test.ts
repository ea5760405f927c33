import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ResearchResult } from '../../protocol/result.ts';

const QUESTION = 'How is the body timeout set, and what is its default?';
/** The first run on a new machine may have to build Temporal's CLI. */
const LIMIT_MS = 20 * 60_000;

let state = '';

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'local-command-'));
});

afterAll(() => rm(state, { recursive: true, force: true }));

async function ask(): Promise<ResearchResult> {
  const args = ['local/main.ts', '--json', '--corpus', 'node_modules/undici/docs', QUESTION];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, DEEP_RESEARCH_STATE_DIR: state },
    maxBuffer: 16 * 1024 * 1024,
  });
  return JSON.parse(stdout);
}

test('one command answers with a quotation and its file, and shows the same answer when it is asked again', {
  timeout: LIMIT_MS,
}, async () => {
  const result = await ask();
  expect(result.stopReason).toBe('no_tool_calls');
  expect(result.answer).toMatch(/bodyTimeout/);
  expect(result.answer).toMatch(/300e3|300 ?s/);
  expect(result.answer).toMatch(/docs\/\S+\.md/);
  expect(result.answer).toMatch(/rehearsal model/);
  expect(result.sources.map(({ url }) => url)).toContain('docs/api/Dispatcher.md');
  expect(await ask()).toEqual(result);
});
