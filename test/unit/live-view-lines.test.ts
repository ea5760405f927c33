import { expect, test } from 'vitest';
import { advance, frameOf, newLiveState } from '../../client/cli/live-view/frame.ts';
import { permanentLines } from '../../client/cli/live-view/lines.ts';
import { printResult } from '../../client/cli/live-view/print-result.ts';
import { styleFor } from '../../client/cli/style.ts';
import { widthOf } from '../../client/cli/text.ts';
import type { SessionEvent } from '../../client/events.ts';
import { aCall, aResult, aRound, aStatus } from './client-fixtures.ts';

const plain = styleFor(false);
const options = { style: plain, columns: 79, id: 'body-timeout-1a2b', command: 'npx deep-research' };
const lines = (event: SessionEvent, columns = 79) => permanentLines(event, { ...options, columns });

const LONG = '正文超时的默认值 '.repeat(40);
const HOSTILE = '\u001b[2J\u001b]0;x\u0007 evil\r\u009b31m';

test('a finished round shows its thought, calls, times and tokens', () => {
  const calls = [aCall('r3c1'), aCall('r3c2', { name: 'bash', state: 'failed', arguments: { command: 'ls /x' } })];
  expect(lines({ type: 'round-finished', round: aRound(3, calls) })).toEqual(
    [
      '  3  Thought 3.                               12.3k (97% cached) → 321 · 4.1s',
      '     · search  what r3c1 asks                                            1.5s',
      '     ✗ bash  ls /x                                                failed 1.5s',
    ].map((line) =>
      expect.stringMatching(new RegExp(`^${line.replace(/[.()·→/]/g, '\\$&').replace(/ {3,}/g, ' {2,}')}$`)),
    ),
  );
});

test.each([79, 40])('no line of a round is wider than %i columns, whatever the model writes', (columns) => {
  const call = aCall('r1c1', { name: `${HOSTILE}tool`, arguments: { query: LONG + HOSTILE } });
  const reply = { ...aRound(1).reply!, text: `<think>${LONG}${HOSTILE}</think>` };
  const shown = lines({ type: 'round-finished', round: aRound(1, [call], { reply }) }, columns);
  expect(shown.length).toBeLessThanOrEqual(3);
  for (const line of shown) {
    expect(widthOf(line)).toBeLessThanOrEqual(columns);
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  }
});

test.each<[SessionEvent, RegExp]>([
  [{ type: 'steering-applied', round: 1, text: 'only\nprimary sources' }, /told to the model: only primary sources/],
  [
    { type: 'holding', reason: 'The model is gone.' },
    /gone\. Mend that, then: npx deep-research\s+resume body-timeout-1a2b/,
  ],
  [{ type: 'paused' }, /resume body-timeout-1a2b/],
  [{ type: 'waiting-for-approval', round: 1, call: aCall('r1c2') }, /approve body-timeout-1a2b r1c2/],
  [{ type: 'retrying', activity: 'visit', attempt: 3, cause: 'refused' }, /visit failed, attempt 3: refused/],
  [
    {
      type: 'retrying',
      activity: 'infer',
      attempt: 7,
      cause: 'connect ECONNREFUSED',
      failureType: 'ModelUnavailable',
      nextAttemptAt: Date.now() + 3_600_000,
    },
    /model server unavailable, attempt 7, next try in (1h 00m|59m \d\ds|60m 00s): connect ECONNREFUSED/,
  ],
  [{ type: 'segment-closed', segment: 1, stopReason: 'discard_all_01' }, /the context was full/],
  [{ type: 'follow-up', round: 2, question: 'And before?' }, /follow-up: And before\?/],
  [{ type: 'worker-away', message: 'No worker answers.' }, /No worker answers\./],
])('$type leaves a line', (event, expected) => {
  expect(lines(event).join(' ').replace(/\s+/g, ' ')).toMatch(expected);
});

test('without a terminal nothing is cut', () => {
  const reason = 'a reason '.repeat(50).trim();
  expect(lines({ type: 'holding', reason }, Infinity).join('\n')).toContain(reason);
});

test('the live region says where the session stands and what is being written', () => {
  const events: SessionEvent[] = [
    { type: 'status', status: aStatus({ round: 4, steering: ['hurry'] }) },
    { type: 'round-started', round: 4 },
    { type: 'delta', round: 4, kind: 'thought', text: `${LONG}\nthe last ` },
    { type: 'delta', round: 4, kind: 'thought', text: 'words' },
    { type: 'connection-lost', message: 'gone' },
  ];
  const state = events.reduce(advance, newLiveState());
  const frame = frameOf(state, { style: plain, columns: 79, rows: 8, now: 135_000 });
  expect(frame.length).toBeLessThanOrEqual(8);
  for (const line of frame) expect(widthOf(line)).toBeLessThanOrEqual(79);
  expect(frame[0]).toContain('round 4/150 · thinking · 2m 14s · 1.1k tokens (90% cached) · context 1%');
  expect(frame.join('\n')).toContain('no connection');
  expect(frame.join('\n')).toContain('not yet seen by the model: hurry');
  expect(frame.at(-1)).toBe('     │ the last words');
});

test('running calls show how long they take; what is replaced or over is gone', () => {
  const call = {
    id: 'r1c1',
    name: 'visit',
    arguments: { url: 'https://example.org' },
    state: 'running',
    startedAt: 2_000,
  } as const;
  const events: SessionEvent[] = [
    { type: 'delta', round: 1, kind: 'text', text: 'old words' },
    { type: 'delta', round: 1, kind: 'text', text: 'new words', replaces: true },
    { type: 'retrying', activity: 'infer', attempt: 2, cause: 'refused', nextAttemptAt: 17_000 },
  ];
  const state = events.reduce(advance, newLiveState());
  const text = (at: typeof state) => frameOf(at, { style: plain, columns: 79, rows: 8, now: 5_000 }).join('\n');
  expect(text(state)).toContain('new words');
  expect(text(state)).not.toContain('old words');
  expect(text(state)).toContain('infer failed, attempt 2, next try in 12s: refused');
  const working = advance(advance(state, { type: 'round-replied', round: aRound(1) }), {
    type: 'status',
    status: aStatus({ state: 'working', calls: [call] }),
  });
  expect(text(working)).toMatch(/» visit {2}https:\/\/example\.org +3\.0s/);
  expect(text(working)).not.toMatch(/words|attempt/);
});

function printed(result = aResult(), isTTY = false): string {
  let text = '';
  printResult(result, { out: { write: (part: string) => (text += part) }, isTTY, columns: 60 });
  return text;
}

test('the answer is printed whole, with sources, files and totals', () => {
  const answer = `${'word '.repeat(2_000)}end`;
  const artifacts = [{ name: 'table.csv', bytes: 12, type: 'text/csv', sha256: 'x' }];
  const text = printed(aResult({ answer, artifacts, segments: 2 }));
  expect(text).toContain(answer);
  expect(text).toContain('  1. Class: Client  docs/Client.md');
  expect(text).toContain('table.csv (12 bytes)');
  expect(text).toContain('2 rounds in 2 segments · 1m 01s · 24.7k prompt tokens (97% cached), 642 generated');
});

test('on a terminal paragraphs are wrapped, tables and code are not', () => {
  const row = `| ${'cell '.repeat(20)}|`;
  const text = printed(
    aResult({ answer: `- ${'word '.repeat(30)}\n${row}\n\`\`\`\n${row}\n\`\`\`\n${HOSTILE}` }),
    true,
  );
  const shown = text.split('\n');
  expect(shown.filter((line) => line === row)).toHaveLength(2);
  expect(shown).toContain(`  ${'word '.repeat(11).trim()}`);
  expect(text).not.toContain('\u001b[2J');
});
