import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import type { ToolProtocol } from '../../../protocol/messages.ts';
import { FAILURE } from '../../../protocol/names.ts';
import { type Endpoint, type EndpointRole, protocolOf } from '../endpoint.ts';
import { choose, type Known } from './choose.ts';
import { FIRST_LOOK_MS, PATIENCE_MS, REST_MS } from './constants.ts';
import { faultOf } from './fault.ts';
import { makeHealth } from './health.ts';
import { makeLoad } from './load.ts';
import { type Looks, looks } from './looks.ts';
import { makePoller } from './poller.ts';

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
  signal: AbortSignal;
}

/** An endpoint taken for one call. It must be given back, with the failure where there was one. */
export interface Lease {
  endpoint: Endpoint;
  release(failure?: unknown): void;
}

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
  const { now = Date.now, random = Math.random } = options;
  const all = endpoints.map((endpoint): Known => ({ endpoint, health: makeHealth(), load: makeLoad(endpoint) }));
  let changed = Promise.withResolvers<void>();
  const wake = () => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  const poller = makePoller(all, {
    now,
    random,
    looks: options.looks ?? looks,
    pollMs: options.pollMs,
    onChange: wake,
  });

  const take = (known: Known, { session, last }: Wanted): Lease => {
    known.load.begin(session, now());
    if (session !== undefined && last !== undefined && last !== known.endpoint.name) {
      all.find(({ endpoint }) => endpoint.name === last)?.load.left(session);
    }
    let held = true;
    return {
      endpoint: known.endpoint,
      release(failure) {
        if (!held) return;
        held = false;
        known.load.end(now());
        const fault = faultOf(failure);
        if (fault) known.health.fault(fault, now());
        else if (failure === undefined || failure instanceof ApplicationFailure) known.health.answered();
        wake();
      },
    };
  };

  return {
    endpoints,
    async acquire(wanted) {
      const { signal, last, avoid } = wanted;
      const able = ableFor(all, wanted);
      const startedAt = now();
      const asked = { last, avoid: new Set(avoid === undefined ? [] : [avoid]) };
      const firstLook = poller.use(able);
      if (last === undefined && able.length > 1)
        await untilAborted(Promise.race([firstLook, sleep(FIRST_LOOK_MS)]), signal);
      for (;;) {
        signal.throwIfAborted();
        const chosen = choose(able, { ...asked, waited: now() - startedAt }, now(), random);
        if (chosen === undefined) {
          if (await untilAborted(poller.probe(able), signal)) continue;
          throw noneNow(able, now(), random);
        }
        if (chosen !== 'wait') return take(chosen, wanted);
        poller.use(able);
        await untilAborted(Promise.race([changed.promise, sleep(PATIENCE_MS / 4)]), signal);
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
