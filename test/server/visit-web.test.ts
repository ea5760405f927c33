import { afterAll, beforeAll, expect, test } from 'vitest';
import { QUERY } from '../../protocol/names.ts';
import type { CallRecord, TrajectoryPage } from '../../protocol/trajectory.ts';
import { openSessions, played, type SessionHandle, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';
import { readings, type Site, siteEnv, startSite, TONNES } from '../support/site.ts';

let sessions: Sessions;
let site: Site;

beforeAll(async () => {
  site = await startSite();
  sessions = await openSessions();
  await sessions.work(siteEnv(site));
}, START_LIMIT_MS);
afterAll(async () => {
  await sessions?.close();
  await site?.close();
});

const GOAL = 'How many tonnes of cement did the mole take?';
const visit = (goal: string, ...paths: string[]) => ({
  name: 'visit',
  arguments: { url: paths.map((path) => site.url + path), goal },
});

async function callsOf(session: SessionHandle): Promise<CallRecord[]> {
  const { segments } = await session.query<TrajectoryPage, []>(QUERY.trajectory);
  return segments.flatMap(({ rounds }) => rounds.flatMap(({ calls }) => calls));
}

test('a session opens pages of the web; a long one is read in pieces by model calls', async () => {
  const script = [visit(GOAL, '/north', '/lamps'), visit('cement', '/repair.pdf', '/private/log', '/nowhere')];
  const session = await sessions.start(played({ script }));
  const { sources, usage } = await session.result();
  const [pages, others] = await callsOf(session);
  const [north, lamps] = pages!.result!.split('\n\n-------\n\n');
  expect(north).toContain(`Evidence in page: \n[Cement]\n${TONNES('north')}`);
  expect(north).toMatch(/Summary: \nIt says: [\s\S]*read for the goal in 3 parts\.\)$/);
  expect(lamps).toContain('The lamps of the mole burn oil of the whale.');
  const [pdf, closed, missing] = others!.result!.split('\n\n-------\n\n');
  expect(pdf).toContain('[Page 2]\nStage two');
  expect(closed).toContain('its site asks programs not to read it (robots.txt).');
  expect(missing).toMatch(/404/);
  expect(sources.map(({ url, title }) => [url.slice(site.url.length), title])).toEqual([
    ['/north', 'The north mole'],
    ['/lamps', 'Lamps'],
    ['/repair.pdf', expect.any(String)],
  ]);
  const parts = readings(sessions).map(({ prompt }) => /part \d of 3/.exec(prompt)?.[0]);
  expect(parts.toSorted()).toEqual(['part 1 of 3', 'part 2 of 3', 'part 3 of 3']);
  // Those calls are the session's as well.
  const own = sessions.model.requests.list().reduce((sum, { promptTokens = 0 }) => sum + promptTokens, 0);
  expect(usage.prompt).toBe(own);
});

test('what one session has opened and read costs the next nothing', async () => {
  const before = { asked: site.asked.length, readings: readings(sessions).length };
  const session = await sessions.start(played({ script: [visit(GOAL, '/north')] }));
  await session.result();
  expect((await callsOf(session))[0]?.result).toContain(TONNES('north'));
  expect({ asked: site.asked.length, readings: readings(sessions).length }).toEqual(before);
  const { events } = await session.fetchHistory();
  const results = events!.map((event) => {
    const [payload] = event.activityTaskCompletedEventAttributes?.result?.payloads ?? [];
    return payload ? Buffer.from(payload.data!).toString('utf8') : '';
  });
  expect(results.join('\n')).toMatch(
    /"lookups":\[\{"query":"[^"]*\/north","from":\["web"\],"cachedForSeconds":\d+\}\]/,
  );
});

test('left to itself, the session searches, opens what was found, and quotes it', async () => {
  const session = await sessions.start('How many tonnes of cement did the north mole take?');
  const { answer, sources } = await session.result();
  expect((await callsOf(session)).map(({ name }) => name)).toEqual(expect.arrayContaining(['search', 'visit']));
  expect(answer).toContain('512 tonnes');
  expect(answer).toContain(`${site.url}/north`);
  expect(sources).toContainEqual(expect.objectContaining({ url: `${site.url}/north` }));
});
