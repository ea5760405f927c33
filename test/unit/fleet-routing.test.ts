import { ApplicationFailure } from '@temporalio/common';
import { afterEach, expect, test, vi } from 'vitest';
import type { Endpoint } from '../../activities/inference/endpoint.ts';
import { connectionFailure, failureOf } from '../../activities/inference/failure.ts';
import {
  type Fleet,
  type FleetOptions,
  type Lease,
  MoveOn,
  makeFleet,
} from '../../activities/inference/fleet/index.ts';
import type { Gauges } from '../../activities/inference/fleet/metrics.ts';
import { FAILURE } from '../../protocol/names.ts';

const anEndpoint = (name: string, change: Partial<Endpoint> = {}): Endpoint => ({
  name,
  url: `http://127.0.0.1:1/${name}`,
  model: 'm',
  format: 'deep_research',
  weight: 1,
  roles: ['research'],
  ...change,
});

interface World {
  fleet: Fleet;
  clock: { now: number };
  metrics: Map<string, Gauges>;
  alive: Map<string, boolean>;
  probes: string[];
  /** A call of a session; stays under way until it is released. */
  call(session: string, last?: string, avoid?: string): Promise<Lease>;
  /** Lets the poller look at every endpoint once more. */
  look(): Promise<void>;
}

const open: Fleet[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((fleet) => fleet.close()));
});

const POLL_MS = 5;

function aWorld(endpoints: Endpoint[], options: FleetOptions = {}): World {
  const clock = { now: 1_000_000 };
  const metrics = new Map<string, Gauges>();
  const alive = new Map<string, boolean>();
  const probes: string[] = [];
  let looked = 0;
  const fleet = makeFleet(endpoints, {
    now: () => clock.now,
    pollMs: POLL_MS,
    looks: {
      async metrics({ name }) {
        looked += 1;
        return metrics.get(name) ?? 'none';
      },
      async alive({ name }) {
        probes.push(name);
        return alive.get(name) ?? true;
      },
    },
    ...options,
  });
  open.push(fleet);
  return {
    fleet,
    clock,
    metrics,
    alive,
    probes,
    call: (session, last, avoid) =>
      fleet.acquire({ role: 'research', session, last, avoid, signal: new AbortController().signal }),
    async look() {
      const until = looked + 2 * endpoints.length;
      while (looked < until) await new Promise((resolve) => setTimeout(resolve, 1));
    },
  };
}

const gauges = (change: Partial<Gauges> = {}): Gauges => ({
  running: 0,
  waiting: 0,
  kv: 0.1,
  queries: 0,
  hits: 0,
  ...change,
});

const refused = () => connectionFailure(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));

test('sessions that start at once are spread evenly, and their later calls stay where they are', async () => {
  const { call } = aWorld(['a', 'b', 'c', 'd'].map((name) => anEndpoint(name)));
  const homes = await Promise.all(Array.from({ length: 200 }, (_, index) => call(`s${index}`)));
  const counts = Map.groupBy(homes, ({ endpoint }) => endpoint.name);
  expect([...counts.values()].map((leases) => leases.length)).toEqual([50, 50, 50, 50]);
  for (const lease of homes) lease.release();
  for (const [index, { endpoint }] of homes.entries()) {
    const next = await call(`s${index}`, endpoint.name);
    expect(next.endpoint.name).toBe(endpoint.name);
    next.release();
  }
});

test('a weight is the share of new sessions', async () => {
  const { call } = aWorld([anEndpoint('small'), anEndpoint('large', { weight: 3 })]);
  const homes = await Promise.all(Array.from({ length: 40 }, (_, index) => call(`s${index}`)));
  const large = homes.filter(({ endpoint }) => endpoint.name === 'large').length;
  expect(large).toBeGreaterThanOrEqual(29);
  expect(large).toBeLessThanOrEqual(31);
});

test('what other workers have there counts by the metrics, a full KV cache counts more', async () => {
  const world = aWorld([anEndpoint('busy'), anEndpoint('full'), anEndpoint('idle')]);
  world.metrics.set('busy', gauges({ running: 20 }));
  world.metrics.set('full', gauges({ running: 8, kv: 1 }));
  world.metrics.set('idle', gauges({ running: 8, kv: 0.3 }));
  const homes = [];
  for (let index = 0; index < 6; index += 1) homes.push((await world.call(`s${index}`)).endpoint.name);
  expect(homes).toEqual(Array(6).fill('idle'));
});

test('a dead endpoint is left at once, and no call waits for its probe while another is well', async () => {
  const world = aWorld([anEndpoint('a'), anEndpoint('b')], { pollMs: 3_600_000 });
  const first = await world.call('s1', 'a');
  expect(first.endpoint.name).toBe('a');
  first.release(refused());
  world.alive.set('a', false);
  expect((await world.call('s1', 'a')).endpoint.name).toBe('b');

  // Its rest is over, but nothing answers there; b is asked without waiting for that.
  world.clock.now += 1_500;
  expect((await world.call('s2', 'a')).endpoint.name).toBe('b');
  expect(world.probes).toEqual([]);
});

test('with all endpoints away a call fails with the cause and comes back later; a probe that answers lets it in', async () => {
  const world = aWorld([anEndpoint('a')], { pollMs: 3_600_000, random: () => 0 });
  (await world.call('s1')).release(refused());
  const failure = await world.call('s1', 'a').catch((error) => error);
  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect(failure).toMatchObject({ type: FAILURE.modelUnavailable, nextRetryDelay: 1_000, nonRetryable: false });
  expect(failure.message).toMatch(/a: The model server could not be used: connect ECONNREFUSED/);

  world.alive.set('a', false);
  world.clock.now += 1_100;
  await expect(world.call('s1', 'a')).rejects.toMatchObject({ nextRetryDelay: 2_000 });
  expect(world.probes).toEqual(['a']);

  world.alive.set('a', true);
  world.clock.now += 2_100;
  const trial = await world.call('s1', 'a');
  await expect(world.call('s2', 'a')).rejects.toMatchObject({ type: FAILURE.modelUnavailable });
  trial.release();
  expect((await world.call('s2', 'a')).endpoint.name).toBe('a');
});

test('a single broken reply does not close an endpoint, three in a row do, and a refused request counts for nothing', async () => {
  const world = aWorld([anEndpoint('a'), anEndpoint('b')]);
  const broken = () => failureOf(500, {}, 'oops');
  for (let index = 0; index < 2; index += 1) (await world.call('s', 'a')).release(broken());
  (await world.call('s', 'a')).release(failureOf(400, {}, 'no'));
  for (let index = 0; index < 3; index += 1) {
    const lease = await world.call('s', 'a');
    expect(lease.endpoint.name).toBe('a');
    lease.release(broken());
  }
  expect((await world.call('s', 'a')).endpoint.name).toBe('b');
});

test('the attempt after a failure asks another endpoint first, and the same one where there is no other', async () => {
  const two = aWorld([anEndpoint('a'), anEndpoint('b')]);
  expect((await two.call('s', 'a', 'a')).endpoint.name).toBe('b');
  const one = aWorld([anEndpoint('a')]);
  expect((await one.call('s', 'a', 'a')).endpoint.name).toBe('a');
});

test.each([429, 529])('an endpoint that asks for a pause with %i gets it from every session', async (status) => {
  const world = aWorld([anEndpoint('a'), anEndpoint('b')]);
  (await world.call('s1', 'a')).release(failureOf(status, { 'retry-after': '7' }, 'slow down'));
  expect((await world.call('s2', 'a')).endpoint.name).toBe('b');
  world.clock.now += 7_100;
  expect((await world.call('s3', 'a')).endpoint.name).toBe('a');
});

test('some sessions leave a saturated endpoint, not at its first sign and not all at once; none comes back', async () => {
  const world = aWorld([anEndpoint('hot'), anEndpoint('cool')]);
  let queries = 0;
  const saturated = () => {
    queries += 1000;
    world.metrics.set('hot', gauges({ running: 8, waiting: 12, kv: 0.97, queries, hits: 0 }));
  };
  world.metrics.set('cool', gauges());
  saturated();
  const sessions = Array.from({ length: 8 }, (_, index) => `s${index}`);
  const homes = new Map(sessions.map((session) => [session, 'hot']));
  const round = async () => {
    for (const session of sessions) {
      const lease = await world.call(session, homes.get(session));
      homes.set(session, lease.endpoint.name);
      lease.release();
    }
    return [...homes.values()].filter((name) => name === 'cool').length;
  };
  expect(await round()).toBe(0);
  // Fresh figures at every look.
  const timer = setInterval(saturated, 1);
  try {
    for (let index = 0; index < 4; index += 1) await world.look();
    const moved = await round();
    expect(moved).toBeGreaterThan(0);
    expect(moved).toBeLessThan(sessions.length);
  } finally {
    clearInterval(timer);
  }
  world.metrics.set('hot', gauges({ queries }));
  for (let index = 0; index < 4; index += 1) await world.look();
  const after = [...homes];
  await round();
  expect([...homes]).toEqual(after);
});

test('a call that waits in a long queue is made elsewhere, the newest first; one that has begun stays', async () => {
  const world = aWorld([anEndpoint('hot'), anEndpoint('cool')]);
  world.metrics.set('hot', gauges());
  world.metrics.set('cool', gauges());
  const begun = await world.call('s0', 'hot');
  begun.begun();
  const waiting = [await world.call('s1', 'hot'), await world.call('s2', 'hot'), await world.call('s3', 'hot')];
  const left = () => waiting.map(({ signal }) => signal.reason instanceof MoveOn);
  for (let index = 0; index < 6; index += 1) await world.look();
  expect(left()).toEqual([false, false, false]);
  // One call waits: no more than this one leaves.
  waiting[2]?.signal.addEventListener('abort', () => world.metrics.set('hot', gauges({ running: 3 })));
  world.metrics.set('hot', gauges({ running: 3, waiting: 1 }));
  while (!left().includes(true)) await world.look();
  for (let index = 0; index < 4; index += 1) await world.look();
  expect(left()).toEqual([false, false, true]);
  expect(begun.signal.aborted).toBe(false);
  expect((await world.call('s3', 'hot', 'hot')).endpoint.name).toBe('cool');
});

test('nobody leaves a queue where the others have one as well', async () => {
  const world = aWorld([anEndpoint('a'), anEndpoint('b')]);
  for (const name of ['a', 'b']) world.metrics.set(name, gauges({ running: 4, waiting: 6, kv: 0.95 }));
  const lease = await world.call('s', 'a');
  for (let index = 0; index < 8; index += 1) await world.look();
  expect(lease.signal.aborted).toBe(false);
  lease.release();
  expect((await world.call('s', 'a')).endpoint.name).toBe('a');
});

test('a busy KV cache alone moves nobody', async () => {
  const world = aWorld([anEndpoint('full'), anEndpoint('cool')]);
  world.metrics.set('full', gauges({ running: 8, waiting: 0, kv: 0.99 }));
  world.metrics.set('cool', gauges());
  const lease = await world.call('s', 'full');
  for (let index = 0; index < 8; index += 1) await world.look();
  lease.release();
  expect((await world.call('s', 'full')).endpoint.name).toBe('full');
});

test('calls beyond an endpoint’s limit wait for a place, in order, and a cancelled one leaves the queue', async () => {
  const world = aWorld([anEndpoint('a', { maxConcurrent: 1 })]);
  const first = await world.call('s1');
  const order: string[] = [];
  const second = world.call('s2').then((lease) => {
    order.push('s2');
    return lease;
  });
  const cancelled = new AbortController();
  const third = world.fleet.acquire({ role: 'research', session: 's3', signal: cancelled.signal });
  cancelled.abort(new Error('stopped'));
  await expect(third).rejects.toThrow('stopped');
  expect(order).toEqual([]);
  first.release();
  (await second).release();
  expect(order).toEqual(['s2']);
});

test('of the calls that wait for a place those of the best priority get one first', async () => {
  const { fleet } = aWorld([anEndpoint('a', { maxConcurrent: 1 })]);
  const { signal } = new AbortController();
  const order: string[] = [];
  const call = async (session: string, priority?: number) => {
    const lease = await fleet.acquire({ role: 'research', session, priority, signal });
    order.push(session);
    lease.release();
  };
  const first = await fleet.acquire({ role: 'research', session: 'first', signal });
  const calls = [call('batch', 4), call('one'), call('another', 3), call('urgent', 1), call('last', 5)];
  // The urgent one came after the others had begun to wait.
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(order).toEqual([]);
  first.release();
  await Promise.all(calls);
  expect(order).toEqual(['urgent', 'one', 'another', 'batch', 'last']);
});

test('pages are read by research endpoints where none has that role; images are not', async () => {
  const { fleet } = aWorld([anEndpoint('a')]);
  const { signal } = new AbortController();
  expect((await fleet.acquire({ role: 'pages', signal })).endpoint.name).toBe('a');
  await expect(fleet.acquire({ role: 'vision', signal })).rejects.toThrow('No endpoint serves the role "vision"');
});

test('a clock that is set back by hours makes no endpoint rest for hours', async () => {
  let wall = Date.now();
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => wall);
  try {
    const { call, alive } = aWorld([anEndpoint('a')], { now: undefined });
    const lease = await call('s1');
    alive.set('a', false);
    lease.release(refused());
    wall -= 7_200_000;
    const failure = await call('s1', 'a').catch((error) => error);
    expect(failure).toMatchObject({ type: FAILURE.modelUnavailable });
    expect(failure.nextRetryDelay).toBeLessThanOrEqual(2_500);
  } finally {
    clock.mockRestore();
  }
});
