import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ResearchFailed } from '../../client/errors.ts';
import { type ExportedSession, type ExportSource, exportSession } from '../../client/export/export.ts';
import { fenced } from '../../client/export/markdown.ts';
import type { Outcome } from '../../client/snapshot.ts';
import { originalRow } from '../../protocol/original/row.ts';
import { aCall, aResult, aRound, aSegment, aStatus } from './client-fixtures.ts';

const code = { code: 'a = "```"\nprint(a)' };
const segments = [
  aSegment([
    aRound(
      1,
      [
        aCall('r1c1', { result: '```\nbroken out?\n# no' }),
        aCall('r1c2', { name: 'PythonInterpreter', arguments: code }),
      ],
      {
        notes: ['Hurry.'],
      },
    ),
    aRound(2, [], { followUp: 'And before?' }),
  ]),
];

const source = (outcome: Outcome, ending: Error | undefined = undefined): ExportSource => ({
  id: 'body-timeout-1a2b',
  snapshot: async () => ({ runId: 'run', outcome, historyLength: 9, activities: [], startedAt: 0 }),
  status: async () => aStatus({ state: outcome === 'completed' ? 'done' : 'thinking' }),
  trajectory: async () => segments,
  input: async () => 'How long is the body timeout?',
  async result() {
    if (ending) throw ending;
    return aResult();
  },
});

test('JSON has the whole session', async () => {
  const exported = JSON.parse(await exportSession(source('completed'), 'json')) as ExportedSession;
  expect(exported).toEqual({
    version: 1,
    id: 'body-timeout-1a2b',
    runId: 'run',
    outcome: 'completed',
    input: 'How long is the body timeout?',
    status: aStatus({ state: 'done' }),
    result: aResult(),
    segments,
  });
});

test('a running session is exported without waiting for its end', async () => {
  const exported = JSON.parse(
    await exportSession(source('running', new Error('asked for')), 'json'),
  ) as ExportedSession;
  expect(exported.result).toBeUndefined();
  expect(exported.failure).toBeUndefined();
});

test('a failed session is exported with its cause', async () => {
  const failed = source('failed', new ResearchFailed('failed', 'no such model', { type: 'ModelRejected' }));
  const exported = JSON.parse(await exportSession(failed, 'json')) as ExportedSession;
  expect(exported.failure).toEqual({ kind: 'failed', message: 'no such model', type: 'ModelRejected' });
  expect(await exportSession(failed, 'md')).toMatch(/## Failure\n\nno such model/);
});

test('Markdown has question, answer, sources, every round with arguments and results, and totals', async () => {
  const markdown = await exportSession(source('completed'), 'md');
  const order = [
    '> How long is the body timeout?',
    '## Answer\n\nIt is 300 seconds.',
    '1. Class: Client: <docs/Client.md>',
    '### Round 1',
    'Thought 1. And more of it.',
    '**Call r1c1: search** (done, 1.5 s)',
    '"query": "what r1c1 asks"',
    '````\n```\nbroken out?\n# no\n````',
    '````\na = "```"\nprint(a)\n````',
    '**Told to the model**\n\n```\nHurry.\n```',
    '### Round 2',
    'And before?',
    '- Rounds: 2 in 1 segment',
  ];
  const places = order.map((text) => markdown.indexOf(text));
  expect(places).not.toContain(-1);
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

test('no text ends its code block', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('`', '\n', 'a', ' ') }), (text) => {
      const [first = '', ...rest] = fenced(text).split('\n');
      expect(first).toMatch(/^`{3,}$/);
      const ends = rest.flatMap((line, index) => (line.trim().startsWith(first) ? [index] : []));
      expect(ends).toEqual([rest.length - 1]);
    }),
  );
});

test('JSONL has the rows that the original writes, one a segment', async () => {
  const lines = (await exportSession(source('completed'), 'jsonl')).trimEnd().split('\n');
  const rows = lines.map((line) => originalRow.parse(JSON.parse(line)));
  expect(rows).toMatchObject([{ status: 'success', segment_idx: 1, segment_total: 1, result: { rounds: 2 } }]);
});

test('HTML is the page', async () => {
  expect(await exportSession(source('completed'), 'html')).toMatch(
    /^<!doctype html>[\s\S]*It is 300 seconds\.[\s\S]*<\/html>\n$/,
  );
});
