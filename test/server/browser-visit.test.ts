import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processTable } from '../../activities/sandbox/process-table.ts';
import type { Segment } from '../../protocol/trajectory.ts';
import { chromiumHere } from '../browser/page-browser-stand.ts';
import { listen } from '../support/listen.ts';
import { openSessions, played, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';
import type { WorkerProcess } from '../support/worker-process.ts';

/** A page that has nothing without its scripts. */
const PAGE = `<!doctype html><html><head><title>Skerry tides</title></head><body><div id="root"></div><script>
  fetch('/levels').then((r) => r.text()).then((text) => {
    document.getElementById('root').innerHTML = '<main><h1>Tides</h1><p>' + text + '</p></main>';
  });</script></body></html>`;
const LEVELS = 'On 3 March 1962 the gauge at Skerry stood at 4.25 metres before noon.';

let sessions: Sessions;
let worker: WorkerProcess;
let site: Awaited<ReturnType<typeof listen>>;
const agents: string[] = [];

beforeAll(async () => {
  site = await listen(
    createServer((request, response) => {
      if (request.url === '/levels') response.end(LEVELS);
      else if (request.url === '/robots.txt') response.end('User-agent: *\nDisallow: /closed');
      else response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
      agents.push(`${request.url} ${/Chrome/.test(request.headers['user-agent'] ?? '') ? 'browser' : 'fetch'}`);
    }),
  );
  sessions = await openSessions();
  const { path, sandbox } = chromiumHere();
  worker = await sessions.work({
    DEEP_RESEARCH_BROWSER: path,
    DEEP_RESEARCH_BROWSER_SANDBOX: String(sandbox),
    DEEP_RESEARCH_ALLOW_PRIVATE: '127.0.0.1',
  });
}, START_LIMIT_MS);

afterAll(async () => {
  await sessions?.close();
  await site?.close();
});

test('a session reads a page that scripts fill, and the browser ends with the worker', async () => {
  const page = `${site.url}/tides`;
  const visit = { name: 'visit', arguments: { url: [page, `${site.url}/closed`], goal: 'the level in 1962' } };
  const answer = `“the gauge at Skerry stood at 4.25 metres before noon” (${page})`;
  const session = await sessions.start(played({ script: [[visit], `<answer>${answer}</answer>`] }));
  const result = await session.result();
  expect(result.sources).toMatchObject([
    { url: page, title: 'Skerry tides', sha256: expect.stringMatching(/^\w{64}$/) },
  ]);
  expect(result.quotations).toMatchObject([{ state: 'found', cites: page }]);
  const { segments } = await session.query<{ segments: Segment[] }, []>('trajectory');
  const read = segments[0]!.rounds[0]!.calls[0]!.result!;
  expect(read).toContain(LEVELS);
  expect(read).toContain('its site asks programs not to read it (robots.txt).');
  expect(agents).toEqual(expect.arrayContaining(['/tides fetch', '/tides browser', '/levels browser']));
  expect(agents).not.toContain('/closed fetch');

  const family = descendants(worker.pid);
  expect(family.length).toBeGreaterThan(2);
  await worker.stop();
  while ([...processTable()].some(({ pid, identity }) => family.includes(`${pid} ${identity}`))) await sleep(100);
});

function descendants(root: number): string[] {
  const rows = [...processTable()];
  const family = [root];
  for (const pid of family) family.push(...rows.filter(({ parent }) => parent === pid).map((row) => row.pid));
  return rows.filter(({ pid }) => family.includes(pid)).map(({ pid, identity }) => `${pid} ${identity}`);
}
