import { connect, createServer, type Http2Session, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

/**
 * Where a session is broken. What a worker and its server agree on changes only with these messages: a task is given to
 * the worker (`taken`), and the worker tells what came of it (`told`). The session is broken before the nth of them
 * arrives.
 */
export interface Point {
  what: 'activity taken' | 'activity told' | 'workflow task told';
  nth: number;
}

/** Stands between a worker and its Temporal server, and lets nothing through of a session that is broken. */
export interface Relay {
  address: string;
  /** Breaks a session there: from that message on, the worker might as well be dead for it. */
  breakAt(session: string, point: Point): void;
  /** Sessions that have come to their point. */
  broken: ReadonlySet<string>;
  /** How many of each message there were of a session. */
  seen(session: string): Record<Point['what'], number>;
  close(): Promise<void>;
}

const SERVICE = '/temporal.api.workflowservice.v1.WorkflowService/';
const MESSAGES: Record<string, { part: 'request' | 'answer'; what?: Point['what'] }> = {
  PollActivityTaskQueue: { part: 'answer', what: 'activity taken' },
  RespondActivityTaskCompleted: { part: 'request', what: 'activity told' },
  RespondWorkflowTaskCompleted: { part: 'request', what: 'workflow task told' },
  PollWorkflowTaskQueue: { part: 'answer' },
  RespondActivityTaskFailed: { part: 'request' },
  RespondWorkflowTaskFailed: { part: 'request' },
  RespondQueryTaskCompleted: { part: 'request' },
  RecordActivityTaskHeartbeat: { part: 'request' },
};

/** A gRPC message begins with a flag, whether it is compressed, and its length. */
const textOf = (message: Buffer): string =>
  (message[0] === 1 ? gunzipSync(message.subarray(5)) : message.subarray(5)).toString('latin1');

/** A message without content: to a poll it says that there is nothing to do. */
const EMPTY = Buffer.alloc(5);

/** @param sessions what the ids of sessions look like; tasks and their tokens hold them as they are */
export async function startRelay(server: string, sessions: RegExp): Promise<Relay> {
  const points = new Map<string, Point>();
  const counts = new Map<string, Record<Point['what'], number>>();
  const broken = new Set<string>();
  const open = new Set<Http2Session>();
  const countsOf = (session: string) => {
    const known = counts.get(session) ?? { 'activity taken': 0, 'activity told': 0, 'workflow task told': 0 };
    counts.set(session, known);
    return known;
  };

  /** Whether the message is let through. */
  const passes = (method: string, part: 'request' | 'answer', message: Buffer): boolean => {
    const known = MESSAGES[method];
    if (known?.part !== part) return true;
    const session = sessions.exec(textOf(message))?.[0];
    if (session === undefined) return true;
    if (known.what && !broken.has(session)) {
      countsOf(session)[known.what] += 1;
      const point = points.get(session);
      if (point?.what === known.what && point.nth === countsOf(session)[known.what]) broken.add(session);
    }
    return !broken.has(session);
  };

  const upstream = connect(`http://${server}`);
  upstream.setMaxListeners(0);
  upstream.on('error', () => {});
  const relay = createServer();
  relay.on('session', (session) => {
    open.add(session);
    session.on('error', () => {});
    session.once('close', () => open.delete(session));
  });
  relay.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    pass(stream, headers).catch(() => stream.destroy());
  });

  async function pass(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const method = String(headers[':path']).slice(SERVICE.length);
    const request = await buffer(stream);
    // Never answered: the worker that asks is about to be killed.
    if (!passes(method, 'request', request)) return;
    const there = upstream.request({ ...headers, ':authority': server });
    there.on('error', () => stream.destroy());
    // A worker that is killed does not poll any more.
    stream.once('close', () => there.destroy());
    const first = Promise.withResolvers<IncomingHttpHeaders>();
    let trailers: IncomingHttpHeaders = {};
    there.once('response', (given) => first.resolve(given));
    there.once('trailers', (given) => {
      trailers = given;
    });
    there.end(request);
    const given = await first.promise;
    const answer = await buffer(there);
    const isKept = passes(method, 'answer', answer);
    if (stream.destroyed) return;
    stream.respond(given, { waitForTrailers: true });
    stream.once('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end(isKept ? answer : EMPTY);
  }

  await new Promise<void>((resolve) => {
    relay.listen(0, '127.0.0.1', resolve);
  });
  return {
    address: `127.0.0.1:${(relay.address() as AddressInfo).port}`,
    breakAt: (session, point) => points.set(session, point),
    broken,
    seen: (session) => ({ ...countsOf(session) }),
    async close() {
      for (const session of open) session.destroy();
      upstream.destroy();
      await new Promise((resolve) => {
        relay.close(resolve);
      });
    },
  };
}
