import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectDeepResearch } from '../../client/index.ts';
import { modelCalls, openSessions, played, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';

let sessions: Sessions;

beforeAll(async () => {
  sessions = await openSessions({ model: { keepBodies: false, maxModelLen: 20_000_000 } });
}, START_LIMIT_MS);

afterAll(() => sessions?.close());

const THOUGHT = 2_300_000;
const LARGE = played({ rounds: 1, thinkChars: THOUGHT }, { contextTokens: 20_000_000, tools: ['bash'] });

test('a reply of more than 2 MiB is kept beside the history, read again by a worker that did not see it, and its loss is said', {
  timeout: 400_000,
}, async () => {
  const first = await sessions.work();
  const session = await sessions.start(LARGE);
  expect(await session.result()).toMatchObject({ stopReason: 'no_tool_calls', rounds: 2 });
  const prompts = modelCalls(sessions).map(({ promptTokens = 0 }) => promptTokens);
  expect((prompts[1] ?? 0) - (prompts[0] ?? 0)).toBeGreaterThan(THOUGHT / 10);
  const { historySize } = await session.describe();
  expect(historySize).toBeLessThan(THOUGHT / 10);
  await first.stop();

  const second = await sessions.work();
  const env = { TEMPORAL_ADDRESS: sessions.address, DEEP_RESEARCH_STATE_DIR: sessions.stateDir };
  await using client = await connectDeepResearch({ address: sessions.address, env });
  const there = await client.attach(session.workflowId);
  const [segment] = await there.trajectory();
  expect(segment?.rounds[0]?.reply?.text.length).toBeGreaterThan(THOUGHT);
  await second.stop();

  rmSync(join(sessions.stateDir, 'store', 'payloads'), { recursive: true });
  await sessions.work();
  await expect(there.status()).rejects.toThrow(/A payload of \d+ bytes \([0-9a-f]{64}\) is not in .*store/);
});
