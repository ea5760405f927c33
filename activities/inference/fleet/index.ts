import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import type { ToolProtocol } from '../../../protocol/messages.ts';
import { FAILURE } from '../../../protocol/names.ts';
import { steadyNow } from '../../steady-now.ts';
import { type Endpoint, type EndpointRole, protocolOf } from '../endpoint.ts';
import { betterThan, choose, type Known } from './choose.ts';
import { DEFAULT_PRIORITY, FIRST_LOOK_MS, PATIENCE_MS, REST_MS } from './constants.ts';
import { faultOf } from './fault.ts';
import { makeHealth } from './health.ts';
import { makeLoad } from './load.ts';
import { type Looks, looks } from './looks.ts';
import { makePoller } from './poller.ts';
import { makeQueue } from './queue.ts';

/** What a call needs of its endpoint. */
export interface Wanted {
  role: EndpointRole;
  /** Only endpoints that carry calls this way; absent where the call has no tools. */
  protocol?: ToolProtocol;
  /** Whose call it is: sessions, not calls, are spread over the endpoints. */
  session?: string;
  /** The endpoint that gave the session's last reply: it has the prompt in its cache. */
  last?: string;
  /** The endpoint that failed the attempt before this one. */
  avoid?: string;
  /** Who gets a free place first: 1 (first) to 5 (last), as Temporal counts. Default 3. */
  priority?: number | undefined;
  signal: AbortSignal;
}

/** An endpoint taken for one call. It must be given back, with the failure where there was one. */
export interface Lease {
  endpoint: Endpoint;
  /** The caller's, and the fleet's `MoveOn`. */
  signal: AbortSignal;
  /** The server has begun to answer: from here on the call stays. */
  begun(): void;
  release(failure?: unknown): void;
}

/** The reason of a lease's signal where the call waits in a queue and is better made elsewhere: acquire again. */
export class MoveOn extends Error {}

/** The worker's model servers: which one serves a call, and what is known of their health and load. */
export interface Fleet {
  /**
   * Waits for a place; rejects with the signal's reason, or with a retryable failure where no endpoint can be asked now,
   * which says when to come again.
   */
  acquire(wanted: Wanted): Promise<Lease>;
  endpoints: readonly Endpoint[];
  close(): Promise<void>;
}

export interface FleetOptions {
  now?: () => number;
  /** 0 to 1; decides between equals. */
  random?: () => number;
  looks?: Looks;
  pollMs?: number;
}

export function makeFleet(endpoints: readonly Endpoint[], options: FleetOptions = {}): Fleet {
  const { now = steadyNow, random = Math.random } = options;
  const all = endpoints.map((endpoint): Known => ({ endpoint, health: makeHealth(), load: makeLoad(endpoint) }));
  const queue = makeQueue(PATIENCE_MS / 4);
  /** Calls that no answer has come to yet, the oldest first. */
  const unanswered = new Set<{ known: Known; able: readonly Known[]; leave: () => void }>();

  /** A server takes calls in the order they came, so the newest are those that still wait there. */
  const moveOn = (known: Known) => {
    const here = [...unanswered].filter((call) => call.known === known).reverse();
    for (const call of here.slice(0, known.load.waiting(now()))) {
      if (!betterThan(known, call.able, now(), random)) return;
      unanswered.delete(call);
      call.leave();
    }
  };
  const poller = makePoller(all, {
    now,
    random,
    looks: options.looks ?? looks,
    pollMs: options.pollMs,
    onChange(known) {
      moveOn(known);
      queue.serve();
    },
  });

  const take = (known: Known, able: readonly Known[], { session, last, signal }: Wanted): Lease => {
    known.load.begin(session, now());
    if (session !== undefined && last !== undefined && last !== known.endpoint.name) {
      all.find(({ endpoint }) => endpoint.name === last)?.load.left(session);
    }
    const moved = new AbortController();
    const call = {
      known,
      able,
      leave() {
        if (session !== undefined) known.load.left(session);
        moved.abort(new MoveOn());
      },
    };
    unanswered.add(call);
    let held = true;
    return {
      endpoint: known.endpoint,
      signal: AbortSignal.any([signal, moved.signal]),
      begun: () => void unanswered.delete(call),
      release(failure) {
        if (!held) return;
        held = false;
        unanswered.delete(call);
        known.load.end(now());
        const fault = faultOf(failure);
        if (fault) known.health.fault(fault, now());
        else if (failure === undefined || failure instanceof ApplicationFailure) known.health.answered();
        queue.serve();
      },
    };
  };

  return {
    endpoints,
    async acquire(wanted) {
      const { signal, last, avoid, priority = DEFAULT_PRIORITY } = wanted;
      const able = ableFor(all, wanted);
      const startedAt = now();
      const asked = { last, avoid: new Set(avoid === undefined ? [] : [avoid]) };
      const firstLook = poller.use(able);
      if (last === undefined && able.length > 1)
        await untilAborted(Promise.race([firstLook, sleep(FIRST_LOOK_MS)]), signal);
      const attempt = () => {
        const chosen = choose(able, { ...asked, waited: now() - startedAt }, now(), random);
        if (chosen === undefined) return 'none';
        if (chosen !== 'wait') return take(chosen, able, wanted);
        poller.use(able);
        return undefined;
      };
      for (;;) {
        const given = await queue.wait(attempt, priority, signal);
        if (given !== 'none') return given;
        if (!(await untilAborted(poller.probe(able), signal))) throw noneNow(able, now(), random);
      }
    },
    async close() {
      poller.close();
    },
  };
}

/** Endpoints of a role; long pages may also be read by the research endpoints. */
function ableFor(all: readonly Known[], { role, protocol }: Wanted): Known[] {
  const withRole = (wanted: EndpointRole) =>
    all.filter(
      ({ endpoint: { roles, format } }) => roles.includes(wanted) && (!protocol || protocolOf(format) === protocol),
    );
  const able = withRole(role);
  if (able.length > 0) return able;
  const instead = role === 'pages' ? withRole('research') : [];
  if (instead.length > 0) return instead;
  const kind = protocol ? ` with ${protocol === 'text' ? 'tool calls in the text' : 'native tool calls'}` : '';
  throw ApplicationFailure.nonRetryable(
    `No endpoint serves the role "${role}"${kind}; the worker has ${all.length}.`,
    FAILURE.modelRejected,
  );
}

/** The calls that come again are spread a little, so that they do not all meet the endpoint in its first moment. */
function noneNow(able: readonly Known[], now: number, random: () => number): ApplicationFailure {
  const soonest = Math.min(...able.map(({ health }) => Math.max(health.until - now, REST_MS.first)));
  const causes = able.map(({ endpoint, health }) => `${endpoint.name}: ${health.lastFault ?? 'being tried'}`);
  return ApplicationFailure.create({
    message: `No model server can be asked just now. ${causes.join(' · ')}`,
    type: FAILURE.modelUnavailable,
    nonRetryable: false,
    nextRetryDelay: Math.round(soonest * (1 + random() / 4)),
  });
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const stop = () => reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  work.then(resolve, reject);
  return promise.finally(() => signal.removeEventListener('abort', stop));
}
