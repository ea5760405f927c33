import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UPDATE } from '../../protocol/names.ts';
import { steeringNotice } from '../../protocol/notices.ts';
import { eventually, modelCalls, openSessions, played, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';

const CORPUS = fileURLToPath(new URL('../fixtures/corpus', import.meta.url));
const ROUNDS = 150;
const STEERED = [12, 57, 110];

const lamp = (round: number) => `Mind the lamp number ${round}.`;
const jsonText = (text: string) => JSON.stringify(text).slice(1, -1);

let sessions: Sessions;

beforeAll(async () => {
  sessions = await openSessions();
  await sessions.work({ DEEP_RESEARCH_CORPUS_DIR: CORPUS });
}, START_LIMIT_MS);

afterAll(() => sessions?.close());

test('the messages of every request of 150 rounds are a byte-wise extension of those before', {
  timeout: 900_000,
}, async () => {
  const search = { name: 'search', arguments: { query: ['harbour lamps'] } };
  const script = [
    search,
    [search, { name: 'nonsense', arguments: {} }],
    { name: 'visit', arguments: { url: 'notes/keeper-log.txt' } },
  ];
  const session = await sessions.start(
    played({ rounds: ROUNDS, script, thinkChars: 400 }, { maxRounds: 200, contextTokens: 130_000, discardRatio: 1 }),
  );
  for (const round of STEERED) {
    await eventually(`request ${round}`, () => modelCalls(sessions).length >= round, 600_000);
    await session.executeUpdate(UPDATE.steer, { args: [lamp(round)] });
  }
  expect(await session.result()).toMatchObject({ stopReason: 'no_tool_calls', rounds: ROUNDS + 1, segments: 1 });

  const requests = modelCalls(sessions);
  expect(requests).toHaveLength(ROUNDS + 1);
  const texts = requests.map(({ body }) => JSON.stringify((body as { messages: unknown }).messages));
  for (let index = 1; index < texts.length; index += 1) {
    const before = texts[index - 1]!.slice(0, -1);
    expect(texts[index]!.startsWith(`${before},`), `request ${index + 1}`).toBe(true);
    expect(requests[index]!.messages).toBe(2 * index + 2);
  }
  for (const round of STEERED) expect(texts.at(-1)!.split(jsonText(steeringNotice(lamp(round))))).toHaveLength(2);
  // That is what the prefix cache lives on: all but the newest stretch of a prompt is found in it.
  const { cachedTokens = 0, promptTokens = 1 } = requests.at(-1)!;
  expect(cachedTokens / promptTokens).toBeGreaterThan(0.98);
});
