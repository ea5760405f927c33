import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { QUERY } from '../../protocol/names.ts';
import type { TrajectoryPage } from '../../protocol/trajectory.ts';
import {
  modelCalls,
  openSessions,
  played,
  type SessionHandle,
  type Sessions,
  START_LIMIT_MS,
} from '../support/sessions.ts';
import { result, type ServiceRequest, startToolService, type ToolServiceStandIn } from '../support/tool-service.ts';
import type { WorkerProcess } from '../support/worker-process.ts';

const CORPUS = fileURLToPath(new URL('../fixtures/corpus', import.meta.url));

let sessions: Sessions;
let service: ToolServiceStandIn;
let worker: WorkerProcess;

const KNOWN: Record<string, string> = {
  '/wide_search':
    "A Search for 'foghorn' found 1 results:\n\n## Web Results\n1. [Foghorns](https://horn.example/)\n\nThey blow.",
  '/wide_visit':
    'The useful information in https://horn.example/ for user goal tone as follows: \n\nEvidence in page: \nLow.',
  '/bash': 'hello\n',
};

beforeAll(async () => {
  sessions = await openSessions();
  service = await startToolService(({ path }) =>
    path in KNOWN ? result(KNOWN[path]) : { status: 503, body: 'no such luck' },
  );
}, START_LIMIT_MS);
afterEach(() => worker?.stop());
afterAll(async () => {
  await service?.close();
  await sessions?.close();
});

const sent = (requests: ServiceRequest[]) => requests.map(({ path, text }) => [path, JSON.parse(text).params]);

async function callsOf(handle: SessionHandle) {
  const { segments } = await handle.query<TrajectoryPage, []>(QUERY.trajectory);
  return segments.flatMap(({ rounds }) => rounds.flatMap(({ calls }) => calls));
}

test('a session whose tools are all at a tool service', async () => {
  worker = await sessions.work({ TOOLS_SERVER_BASE_ENDPOINT_URL: service.url });
  const session = await sessions.start(
    played({
      script: [
        [
          { name: 'search', arguments: { query: ['foghorn'] } },
          { name: 'google_scholar', arguments: { query: 'foghorn' } },
        ],
        { name: 'visit', arguments: { url: ['https://horn.example/'], goal: 'tone' } },
        { name: 'bash', arguments: { command: 'echo hello' } },
      ],
    }),
  );
  expect((await session.result()).stopReason).toBe('no_tool_calls');
  expect((await callsOf(session)).map(({ name, state, result: text }) => [name, state, text])).toEqual([
    ['search', 'done', KNOWN['/wide_search']],
    ['google_scholar', 'failed', '503 no such luck'],
    ['visit', 'done', KNOWN['/wide_visit']],
    ['bash', 'done', KNOWN['/bash']],
  ]);
  expect(sent(service.requests).sort()).toEqual([
    ['/bash', { command: 'echo hello' }],
    ['/scholar_search', { query: 'foghorn', is_tongyi_format: true }],
    ['/wide_search', { query: ['foghorn'], is_tongyi_format: true }],
    ['/wide_visit', { url: ['https://horn.example/'], goal: 'tone', is_tongyi_format: true }],
  ]);
  const conversations = new Set(service.requests.map(({ text }) => JSON.parse(text).conversation_id));
  expect([...conversations]).toEqual([expect.stringMatching(/^deep-research\/s-[\w-]+$/)]);
  const prompt = JSON.stringify(modelCalls(sessions)[0]?.body);
  expect(prompt).toContain('ask_question_about_video');
});

test("a session's own folder is searched here, and failures are JSON where that is wanted", async () => {
  worker = await sessions.work({
    TOOLS_SERVER_BASE_ENDPOINT_URL: service.url,
    DEEP_RESEARCH_CORPUS_DIR: CORPUS,
    USE_NLP_FORMAT_RETURN: 'false',
  });
  service.requests.length = 0;
  const session = await sessions.start(
    played({
      script: [
        [
          { name: 'search', arguments: { query: ['lamp keeper'] } },
          { name: 'visit', arguments: { url: ['notes/keeper-log.txt'], goal: 'lamps' } },
          { name: 'visit', arguments: { url: ['https://horn.example/'], goal: 'tone' } },
          { name: 'visit', arguments: { url: ['https://horn.example/'] } },
        ],
      ],
    }),
  );
  await session.result();
  const results = (await callsOf(session)).map(({ result: text }) => text);
  expect(results).toEqual([
    expect.stringContaining('keeper-log.txt'),
    expect.stringContaining('Lamp seven went dark'),
    KNOWN['/wide_visit'],
    '{"error": "visit: goal: expected \\"goal\\" as a text, got nothing."}',
  ]);
  expect(sent(service.requests)).toEqual([
    ['/wide_visit', { url: ['https://horn.example/'], goal: 'tone', is_tongyi_format: false }],
  ]);
});
