import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, type SessionHandle, START_LIMIT_MS } from '../support/sessions.ts';
import { consumptionBreaches, effectBreaches, prefixBreaches, recoveryBreaches } from './checks.ts';
import { type Point, type Relay, startRelay } from './relay.ts';
import { RICH, startPeople, trajectoryOf } from './rich-session.ts';
import { openStand, type Stand } from './stand.ts';

/**
 * A session for each point at which a worker's death can break one: each comes to its point, the worker that they share
 * is killed, and another goes on. People act on all of them, and say everything twice.
 */
let stand: Stand;
let relay: Relay;
let people: ReturnType<typeof startPeople>;
let undisturbed: object[];
let points: Point[];
let resumedAfterMs: number;
/** Sixty sessions at once, on a machine that may have other work. */
const SLOW_MS = 600_000;
const sessions = new Map<string, { point: Point; session: SessionHandle; trajectory: object[] }>();

const idOf = (number: number) => `contract-${String(number).padStart(4, '0')}`;

beforeAll(async () => {
  stand = await openStand();
  relay = await startRelay(stand.address, /contract-\d{4}/);
  let dead = false;
  people = startPeople(stand, (id) => !dead && relay.broken.has(id));
  const worker = await stand.work({ TEMPORAL_ADDRESS: relay.address });

  const first = await stand.start(RICH, idOf(0));
  await first.result();
  undisturbed = await trajectoryOf(stand.client.workflow.getHandle(idOf(0)));
  points = Object.entries(relay.seen(idOf(0))).flatMap(([what, count]) =>
    Array.from({ length: count }, (_, index) => ({ what: what as Point['what'], nth: index + 1 })),
  );
  for (const [index, point] of points.entries()) {
    const id = idOf(index + 1);
    relay.breakAt(id, point);
    sessions.set(id, { point, session: await stand.start(RICH, id), trajectory: [] });
  }
  const over = new Set<string>();
  for (const [id, { session }] of sessions)
    session.result().then(
      () => over.add(id),
      () => over.add(id),
    );
  await eventually('each session has come to its point', () => relay.broken.size + over.size >= points.length, SLOW_MS);
  await worker.kill();
  dead = true;
  const killedAt = Date.now();
  await stand.work();
  await eventually('a session goes on', () => over.size > points.length - relay.broken.size, SLOW_MS);
  await Promise.all([...sessions.values()].map(({ session }) => session.result()));
  resumedAfterMs = Date.now() - killedAt;
  await people.stop();
  for (const [id, entry] of sessions) entry.trajectory = await trajectoryOf(stand.client.workflow.getHandle(id));
}, START_LIMIT_MS);

afterAll(async () => {
  await people?.stop();
  await relay?.close();
  await stand?.close();
});

const each = <T>(check: (id: string) => T | Promise<T>) =>
  Promise.all([...sessions].map(async ([id, { point }]) => ({ ...point, breaches: await check(id) })));
const broken = <T extends { breaches: string[] }>(checked: T[]) =>
  checked.filter(({ breaches }) => breaches.length > 0);

describe('with its worker killed at every point of a session', () => {
  test('every point was met', () => {
    console.log(`${relay.broken.size} points of ${points.length}, all done ${resumedAfterMs} ms after the kill`);
    // Results that come together may be told in one workflow task instead of two.
    expect(points.length).toBeGreaterThan(45);
    expect(points.length - relay.broken.size).toBeLessThanOrEqual(3);
    expect(people.errors).toEqual([]);
  });

  test('contract 1, prefix continuation: the transcript goes on from what was there', async () => {
    expect(broken(await each(async (id) => prefixBreaches(await stand.requests(id))))).toEqual([]);
  });

  test('contract 2, effects exactly once', async () => {
    expect(broken(await each((id) => effectBreaches(stand.effects(id))))).toEqual([]);
  });

  test('contract 4, consume once: approvals, steering and the follow-up question', async () => {
    expect(broken(await each((id) => consumptionBreaches(sessions.get(id)?.trajectory ?? [])))).toEqual([]);
  });

  test('contract 5, recovery determinism: the trajectory is the undisturbed one', async () => {
    expect(broken(await each((id) => recoveryBreaches(sessions.get(id)?.trajectory ?? [], undisturbed)))).toEqual([]);
  });
});
