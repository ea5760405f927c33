import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  eventually,
  openSessions,
  pendingCall,
  played,
  type SessionHandle,
  type Sessions,
  START_LIMIT_MS,
} from '../support/sessions.ts';
import { type Site, siteEnv, startSite } from '../support/site.ts';

/** Promised: after SIGTERM, and after SIGKILL by the default heartbeat timeout. */
const AFTER_SIGTERM_MS = 2_000;
const AFTER_SIGKILL_MS = 30_000;

let sessions: Sessions;
let site: Site;
let running: SessionHandle[] = [];

beforeAll(async () => {
  sessions = await openSessions();
  site = await startSite();
}, START_LIMIT_MS);

afterEach(async () => {
  await Promise.all(running.splice(0).map((session) => session.terminate()));
});

afterAll(async () => {
  await sessions?.close();
  await site?.close();
});

const isStarted = (activity: Awaited<ReturnType<typeof pendingCall>>) =>
  activity?.state === 2 || String(activity?.state).endsWith('STARTED');

/** A session in each kind of long work, on one worker. */
async function inLongWork(): Promise<SessionHandle[]> {
  site.hold('/north');
  const visit = { name: 'visit', arguments: { url: [`${site.url}/north`], goal: 'cement' } };
  const wanted = {
    infer: played({ rounds: 0, thinkChars: 60_000, tokenDelayMs: 30 }),
    bash: played({ script: [{ name: 'bash', arguments: { command: 'sleep 90' } }] }),
    PythonInterpreter: played({
      script: [{ name: 'PythonInterpreter', arguments: { code: 'import time\ntime.sleep(90)' } }],
    }),
    visit: played({ script: [visit] }),
  };
  running = await Promise.all(Object.values(wanted).map((input) => sessions.start(input)));
  for (const [index, kind] of Object.keys(wanted).entries()) {
    await eventually(`${kind} is at work`, async () => {
      const activity = await pendingCall(running[index] as SessionHandle);
      return activity?.activityType?.name === kind && isStarted(activity);
    });
  }
  return running;
}

/** Milliseconds from `since` until the next attempt of each has begun on another worker. */
async function takenOver(since: number): Promise<number[]> {
  return Promise.all(
    running.map(async (session) => {
      let started = 0;
      await eventually('the next attempt runs', async () => {
        const activity = await pendingCall(session);
        if (!isStarted(activity) || (activity?.attempt ?? 0) < 2) return false;
        const { seconds, nanos } = activity?.lastStartedTime ?? {};
        started = Number(seconds) * 1000 + (nanos ?? 0) / 1e6;
        return true;
      });
      return Math.round(started - since);
    }),
  );
}

test('SIGTERM: model calls, commands, code and visits go on at another worker within two seconds', async () => {
  const first = await sessions.work(siteEnv(site));
  await inLongWork();
  await sessions.work(siteEnv(site));
  const since = Date.now();
  const stopped = first.stop();
  const times = await takenOver(since);
  console.log(`after SIGTERM: ${times.join(', ')} ms`);
  expect(await stopped).toBe(0);
  expect(Math.max(...times)).toBeLessThan(AFTER_SIGTERM_MS);
});

test('SIGKILL: they go on within the heartbeat timeout', async () => {
  const first = sessions.workers.at(-1);
  await inLongWork();
  await sessions.work(siteEnv(site));
  const since = Date.now();
  await first?.kill();
  const times = await takenOver(since);
  console.log(`after SIGKILL: ${times.join(', ')} ms`);
  expect(Math.max(...times)).toBeLessThan(AFTER_SIGKILL_MS);
});
