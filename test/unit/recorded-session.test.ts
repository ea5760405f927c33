import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readHistory, recordedSession } from '../../client/replay/recorded-session.ts';

const FOLDER = fileURLToPath(new URL('../replay/histories', import.meta.url));
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
const recorded = (file: string) => recordedSession(readHistory(readFileSync(`${FOLDER}/${file}`, 'utf8'), file));
const sessions = files.filter((file) => !/batch/.test(file));

test.each(sessions)('%s: every round that the result counts is read from the history', (file) => {
  const { question, segments, result, failure } = recorded(file);
  const rounds = segments.flatMap((segment) => segment.rounds).filter(({ reply }) => reply);
  if (result) {
    expect(rounds).toHaveLength(result.rounds);
    expect(segments).toHaveLength(result.segments);
    expect(rounds.map(({ number }) => number)).toEqual(rounds.map((_, index) => index + 1));
    expect(question).not.toBe('');
  } else if (!/^continue-/.test(file)) {
    expect(failure).toMatch(/\w/);
  }
  // A call without a result was skipped, and nobody says otherwise.
  for (const { state, result: text } of rounds.flatMap(({ calls }) => calls)) {
    expect(text === undefined).toBe(state === 'skipped');
  }
});

test('steering, failed calls and parallel calls stand where they belong', () => {
  const notes = recorded('steering.json').segments.flatMap(({ rounds }) => rounds.flatMap((round) => round.notes));
  expect(notes.join()).toMatch(/Mind the lamps[\s\S]*And the harbour/);
  const [first] = recorded('parallel-calls.json').segments[0]?.rounds ?? [];
  expect(first?.calls.map(({ name, state }) => [name, state])).toEqual([
    ['search', 'done'],
    ['visit', expect.any(String)],
    ['bash', 'done'],
    ['bash', 'done'],
    ['search', 'done'],
  ]);
  expect(first?.calls[2]?.result).toContain('1');
});

test.each([
  ['no JSON', '{', 'expected a history as JSON'],
  ['other JSON', '{"rounds": 3}', 'holds no "events"'],
  ['no events', '{"events": []}', 'holds no "events"'],
  ['events of something else', '{"events": [{"eventId": "1", "name": "x"}]}', 'cannot be read'],
  [
    'another workflow',
    '{"events": [{"eventId": "1", "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED", "workflowExecutionStartedEventAttributes": {"workflowType": {"name": "other"}}}]}',
    'expected the history of a deepResearch',
  ],
])('%s is refused with a sentence that names the file', (_, text, message) => {
  expect(() => readHistory(text, 'kept.json')).toThrow(`kept.json: `);
  expect(() => readHistory(text, 'kept.json')).toThrow(message);
});
