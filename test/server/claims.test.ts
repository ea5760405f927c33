import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { QUERY } from '../../protocol/names.ts';
import { openSessions, played, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';

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
