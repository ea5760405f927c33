import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DeepResearchClient } from '../../client/index.ts';
import { QUERY, UPDATE } from '../../protocol/names.ts';
import { eventually, openSessions, played, type Sessions, START_LIMIT_MS, statusOf } from '../support/sessions.ts';

let sessions: Sessions;
const corpus = mkdtempSync(join(tmpdir(), 'claims-'));

beforeAll(async () => {
  mkdirSync(join(corpus, 'notes'));
  writeFileSync(
    join(corpus, 'notes/keeper-log.txt'),
    'Rang the bell at eleven. Water over the quay, two boats adrift.',
  );
  sessions = await openSessions();
  await sessions.work({ DEEP_RESEARCH_CORPUS_DIR: corpus });
}, START_LIMIT_MS);

afterAll(async () => {
  await sessions?.close();
  rmSync(corpus, { recursive: true });
});

test('the result says what of an answer stands in what was read, and the report too', async () => {
  const answer = [
    'The keeper “rang the bell at eleven” (notes/keeper-log.txt).',
    'He said “the whole town was asleep in their beds” (https://made-up.example/log).',
  ].join(' ');
  const visit = { name: 'visit', arguments: { url: ['notes/keeper-log.txt'], goal: 'the bell' } };
  const session = await sessions.start(played({ script: [[visit], `<answer>${answer}</answer>`] }));
  const result = await session.result();
  expect(result.answer).toBe(answer);
  expect(result.citations).toEqual([
    { source: 'notes/keeper-log.txt', state: 'opened' },
    { source: 'https://made-up.example/log', state: 'unseen' },
  ]);
  expect(result.quotations).toEqual([
    { text: 'rang the bell at eleven', cites: 'notes/keeper-log.txt', state: 'found' },
    { text: 'the whole town was asleep in their beds', cites: 'https://made-up.example/log', state: 'missing' },
  ]);
  const report = await session.query<string, []>(QUERY.report);
  expect(report).toContain('## Claims checked');
  expect(report).toContain('1 of 2 cited sources opened.');
  expect(report).toContain('https://made-up.example/log: stands in nothing that was read');
});

test('of a session that is kept open each answer is checked, and shown with its check everywhere', async () => {
  const answer = 'The keeper “rang the bell at eleven” and “slept until the late afternoon” (notes/keeper-log.txt).';
  const visit = { name: 'visit', arguments: { url: ['notes/keeper-log.txt'], goal: 'the bell' } };
  const oneQuestion = [[visit], `<answer>${answer}</answer>`];
  const input = played({ script: [...oneQuestion, ...oneQuestion] }, { keepOpenSeconds: 600 });
  const session = await sessions.start(input);
  const checked = async (rounds: number) => {
    await eventually(`${rounds} rounds are answered`, async () => {
      const { state, result } = await statusOf(session);
      return state === 'open' && result?.rounds === rounds;
    });
    const { result } = await statusOf(session);
    expect(result?.citations).toEqual([{ source: 'notes/keeper-log.txt', state: 'opened' }]);
    expect(result?.quotations?.map(({ state }) => state)).toEqual(['found', 'missing']);
  };
  await checked(2);
  await session.executeUpdate(UPDATE.ask, { args: ['And when did he wake?'] });
  await checked(4);

  const open = await new DeepResearchClient({ client: sessions.client }).attach(session.workflowId);
  for (const text of [
    await session.query<string, []>(QUERY.report),
    await open.export('md'),
    await open.export('html'),
  ]) {
    expect(text).toContain('Claims checked');
    expect(text).toContain('slept until the late afternoon”: not found in what was read');
  }
  expect(JSON.parse(await open.export('json')).status.result.quotations).toHaveLength(2);
  await session.cancel();
});
