import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually, openSessions, played, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';
import { readings, type Site, siteEnv, startSite, TONNES } from '../support/site.ts';
import { transcriptOf } from './forty-rounds.ts';

const opened: Sessions[] = [];
let site: Site;
beforeEach(async () => {
  site = await startSite();
}, START_LIMIT_MS);
afterEach(async () => {
  await Promise.all(opened.splice(0).map((sessions) => sessions.close()));
  await site.close();
});

async function open(): Promise<Sessions> {
  const sessions = await openSessions();
  opened.push(sessions);
  return sessions;
}

const GOAL = 'How many tonnes of cement did the mole take?';
const threeMoles = () =>
  played({
    script: [
      {
        name: 'visit',
        arguments: { url: ['/north', '/east', '/south'].map((path) => site.url + path), goal: GOAL },
      },
    ],
    answer: 'It is done.',
  });

/** Its cache is a folder here, so that what is in it can be counted. */
const workerEnv = ({ stateDir }: Sessions): NodeJS.ProcessEnv => ({
  ...siteEnv(site),
  DEEP_RESEARCH_CACHE_DIR: join(stateDir, 'shared-cache'),
});

const cachedAnswers = ({ stateDir }: Sessions): number => {
  const folder = join(stateDir, 'shared-cache', 'answers');
  return existsSync(folder)
    ? readdirSync(folder, { recursive: true }).filter((name) => /\w{64}$/.test(`${name}`)).length
    : 0;
};

/** What the visits of a worker have recorded. */
function records(stateDir: string): string[] {
  const calls = join(stateDir, 'calls');
  if (!existsSync(calls)) return [];
  return readdirSync(calls, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.lookup.json'))
    .map((name) => JSON.parse(readFileSync(join(calls, name), 'utf8')).what);
}

test('a worker that is killed during a visit: what was opened and read is not asked for again', {
  timeout: 600_000,
}, async () => {
  const calm = await open();
  await calm.work(workerEnv(calm));
  const undisturbed = await calm.start(threeMoles());
  await undisturbed.result();
  const expected = await transcriptOf(undisturbed);
  for (const name of ['north', 'east', 'south']) expect(expected).toContain(TONNES(name));
  const everyReading = readings(calm).map(({ prompt }) => prompt);
  site.asked.length = 0;

  const sessions = await open();
  const [releaseEast, releaseSouth] = [site.hold('/east'), site.hold('/south')];
  const worker = await sessions.work(workerEnv(sessions));
  const session = await sessions.start(threeMoles());
  await eventually('the north is read and recorded, and the others are asked for', () => {
    return records(sessions.stateDir).length === 1 && site.asked.length === 3;
  });
  // Of the south one part stays unread, of the east the page has not come.
  sessions.model.faults.add({ kind: 'hang', match: { nth: 2 } });
  releaseSouth();
  // The pages of the north and the south, three parts of the one and two of the other.
  await eventually('two of three parts are read and kept', () => cachedAnswers(sessions) === 7);
  await worker.kill();
  releaseEast();
  await sessions.work(workerEnv(sessions));

  expect(await session.result()).toMatchObject({ answer: 'It is done.', stopReason: 'no_tool_calls' });
  expect(await transcriptOf(session)).toBe(expected);
  expect(site.asked.toSorted()).toEqual(['/east', '/east', '/north', '/south']);
  const asked = readings(sessions);
  const [hung] = asked.filter(({ fault }) => fault === 'hang').map(({ prompt }) => prompt);
  expect(asked.map(({ prompt }) => prompt).toSorted()).toEqual([...everyReading, hung].toSorted());
});
