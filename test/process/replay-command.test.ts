import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runDeepResearch } from '../support/run-program.ts';

const KEPT = fileURLToPath(new URL('../replay/histories/rounds-with-tools.json', import.meta.url));
const LIMIT_MS = 120_000;

/** `deep-research replay …` without any server. */
const replay = (...args: string[]) =>
  runDeepResearch(['replay', ...args], { ...process.env, TEMPORAL_ADDRESS: '127.0.0.1:1' });

test('a kept history replays, and its rounds are shown', { timeout: LIMIT_MS }, async () => {
  const { out, err, code } = await replay(KEPT);
  expect(err).toBe('');
  expect(out).toMatch(
    /^Replays with the code of today\.\n\nQuestion\n[\s\S]*\nRound 1 ·[\s\S]*r1c1 search[\s\S]*\nAnswer \(/,
  );
  expect(code).toBe(0);
});

test('a history of other code is told apart, with the first difference', { timeout: LIMIT_MS }, async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'deep-research-replay-')), 'other.json');
  writeFileSync(file, readFileSync(KEPT, 'utf8').replaceAll(/"name": ?"infer"/g, '"name":"think"'));
  const { out, code } = await replay(file, '--json');
  expect(JSON.parse(out)).toMatchObject({ replays: false, message: expect.stringMatching(/infer|think/) });
  expect(code).toBe(1);
  const unchecked = await replay(file, '--no-check', '--no-walk');
  expect(unchecked).toMatchObject({ out: 'Not checked against the code of today.\n', code: 0 });
});

test('of several histories each is told, and the exit code says whether all replay', {
  timeout: LIMIT_MS,
}, async () => {
  const other = join(mkdtempSync(join(tmpdir(), 'deep-research-replay-')), 'other.json');
  writeFileSync(other, readFileSync(KEPT, 'utf8').replaceAll(/"name": ?"infer"/g, '"name":"think"'));
  const { out, code } = await replay(KEPT, other, '--json');
  expect(JSON.parse(out)).toMatchObject({
    checked: 2,
    broken: 1,
    sessions: [
      { name: KEPT, replays: true },
      { name: other, replays: false },
    ],
  });
  expect(code).toBe(1);
});

test('what is no history is refused', { timeout: LIMIT_MS }, async () => {
  const { err, code } = await replay('package.json');
  expect(err).toBe('deep-research: package.json: it holds no "events".\n');
  expect(code).toBe(2);
});
