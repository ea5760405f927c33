import { afterAll, beforeAll, expect, test } from 'vitest';
import { QUERY } from '../../protocol/names.ts';
import type { TrajectoryPage } from '../../protocol/trajectory.ts';
import { type LocalServer, type Seen, withServer } from '../support/providers/local-server.ts';
import { KEY, serperService } from '../support/providers/web-services.ts';
import { openSessions, played, type SessionHandle, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';

let sessions: Sessions;
let provider: LocalServer;
let closeProvider: () => void;
const times: number[] = [];

/** As Serper answers, with the time of each question. */
function service(request: Seen) {
  times.push(performance.now());
  return serperService(request);
}

beforeAll(async () => {
  provider = await new Promise((resolve) => {
    const closed = new Promise<void>((close) => {
      closeProvider = close;
    });
    void withServer(service, async (server) => {
      resolve(server);
      await closed;
    });
  });
  sessions = await openSessions();
  const env = {
    SERPER_API_KEY: KEY,
    DEEP_RESEARCH_PROVIDER_URLS: `serper=${provider.url}`,
    DEEP_RESEARCH_SEARCH_PROVIDERS: 'serper',
    DEEP_RESEARCH_SCHOLAR_PROVIDERS: 'serper',
    DEEP_RESEARCH_IMAGE_PROVIDERS: 'serper',
    DEEP_RESEARCH_TOOL_RATES: 'search=2',
  };
  await Promise.all([sessions.work(env), sessions.work(env)]);
}, START_LIMIT_MS);

afterAll(async () => {
  await sessions?.close();
  closeProvider?.();
});

const trajectory = (session: SessionHandle) => session.query<TrajectoryPage, []>(QUERY.trajectory);
const call = (name: string, ...query: string[]) => ({ name, arguments: { query } });

test('a session without documents searches pages, papers and pictures; no key gets into its history', async () => {
  const script = [
    [call('search', 'paged attention', 'vllm'), call('google_scholar', 'attention'), call('image_search', 'cat')],
  ];
  const session = await sessions.start(played({ script }));
  await session.result();
  const [round] = (await trajectory(session)).segments[0]!.rounds;
  expect(round?.calls.map(({ name, state }) => `${name} ${state}`)).toEqual([
    'search done',
    'google_scholar done',
    'image_search done',
  ]);
  const [pages, papers, pictures] = round!.calls.map(({ result }) => result);
  expect(pages).toMatch(
    /^A Search for 'paged attention' found 1 results:[\s\S]*\n\n-------\n\nA Search for 'vllm' found 1/,
  );
  expect(papers).toMatch(/Authors: A Vaswani, N Shazeer\nCited by: 99999/);
  expect(pictures).toMatch(/\(https:\/\/img\.example\.org\/cat\.png\)/);
  const history = JSON.stringify(await session.fetchHistory());
  expect(history).not.toContain(KEY);
  expect(history).not.toContain(Buffer.from(KEY).toString('base64').slice(0, 20));
});

test('what one session has looked up costs the next nothing', async () => {
  const before = provider.requests.length;
  const session = await sessions.start(played({ script: [call('image_search', 'cat')] }));
  await session.result();
  expect(provider.requests).toHaveLength(before);
  const { events } = await session.fetchHistory();
  const results = events!.map((event) => {
    const [payload] = event.activityTaskCompletedEventAttributes?.result?.payloads ?? [];
    return payload ? Buffer.from(payload.data!).toString('utf8') : '';
  });
  expect(results.join('\n')).toMatch(/"lookups":\[\{"query":"cat","from":\["serper"\],"cachedForSeconds":\d+\}\]/);
});

test('the calls a second of a limited tool hold over two workers', async () => {
  const before = times.length;
  const calls = Array.from({ length: 12 }, (_, index) => call('search', `question ${index}`));
  await (await sessions.start(played({ script: [calls] }))).result();
  const asked = times.slice(before);
  expect(asked).toHaveLength(12);
  // 12 calls at 2 a second take 5.5 s; the server lets some through at first.
  expect(Math.max(...asked) - Math.min(...asked)).toBeGreaterThan(3000);
});
