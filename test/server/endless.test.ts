import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type History, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSessions, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';

const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const ROUNDS = 600;
const SEGMENTS = 5;

let sessions: Sessions;
let model: ChildProcess;

beforeAll(async () => {
  sessions = await openSessions();
  // One that answers at once, with a call of `search` in each reply.
  model = spawn(process.execPath, [pathOf('../../bench/history/instant-model.ts'), String(ROUNDS), '1000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { value: url } = await createInterface({ input: model.stdout as NodeJS.ReadableStream })
    [Symbol.asyncIterator]()
    .next();
  await sessions.work({
    LLM_SERVER_BASE_ENDPOINT_URL: url,
    LLM_SERVER_MODEL_NAME: 'instant',
    DEEP_RESEARCH_CORPUS_DIR: pathOf('../fixtures/corpus'),
  });
}, START_LIMIT_MS);

afterAll(async () => {
  model?.kill();
  await sessions?.close();
});

/** Bytes of history from one model call to the next. */
function bytesByRound({ events }: History): number[] {
  const sizes: number[] = [];
  for (const event of events ?? []) {
    const scheduled = event.activityTaskScheduledEventAttributes?.activityType?.name;
    if (scheduled === 'infer') sizes.push(0);
    if (sizes.length > 0) sizes[sizes.length - 1] = (sizes.at(-1) ?? 0) + historyToJSON({ events: [event] }).length;
  }
  // The last one is not whole.
  return sizes.slice(0, -1);
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

test('a session of 600 rounds and five segments goes on in new runs, and a round costs the same history throughout', {
  timeout: 900_000,
}, async () => {
  const session = await sessions.start({
    question: 'When were the harbour lamps lit in spring?',
    tools: ['search'],
    maxRounds: ROUNDS,
    contextTokens: CONTEXT_TOKENS,
  });
  const result = await session.result();
  console.log(`${result.rounds} rounds, ${result.segments} segments, ${Math.round(result.elapsedMs / 1000)} s`);
  expect(result.rounds).toBeGreaterThanOrEqual(ROUNDS - SEGMENTS);
  expect(result.segments).toBeGreaterThanOrEqual(SEGMENTS);

  const medians: number[] = [];
  let runs = 0;
  for (let runId: string | null | undefined = session.firstExecutionRunId; runId; runs += 1) {
    const history: History = await sessions.client.workflow.getHandle(session.workflowId, runId).fetchHistory();
    const rounds = bytesByRound(history).slice(runs === 0 ? 10 : 0);
    for (let from = 0; from + 25 <= rounds.length; from += 25) medians.push(median(rounds.slice(from, from + 25)));
    console.log(`run ${runs + 1}: ${history.events?.length} events, ${rounds.length} rounds`);
    runId = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  expect(runs).toBeGreaterThan(1);
  const middle = median(medians);
  console.log(`history a round, of each 25: ${Math.min(...medians)} to ${Math.max(...medians)} bytes as JSON`);
  expect(Math.max(...medians)).toBeLessThan(1.1 * middle);
  expect(Math.min(...medians)).toBeGreaterThan(0.9 * middle);
});

/** A round's text is about 700 tokens of this model, so that a segment has about 120 rounds. */
const CONTEXT_TOKENS = 100_000;
