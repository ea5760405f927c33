import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { beyondUse } from '../../local/temporal/health.ts';

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** `UNAVAILABLE` of gRPC, and the one for calls that a server does not have. */
const UNAVAILABLE = 14;
const UNIMPLEMENTED = 12;

/** A server that says of its namespaces what the texts say, one after the other, and the last one for ever. */
async function saying(texts: string[]): Promise<string> {
  const server = createServer();
  server.on('stream', (stream, { ':path': path }) => {
    const isList = path?.endsWith('/ListNamespaces');
    const text = texts.length > 1 && isList ? texts.shift()! : texts[0]!;
    stream.respond(
      {
        'content-type': 'application/grpc',
        'grpc-status': isList ? UNAVAILABLE : UNIMPLEMENTED,
        'grpc-message': encodeURIComponent(text),
      },
      { endStream: true },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(server);
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const BROKEN = 'ListNamespaces operation failed. Failed to get namespace rows. Error: interrupted (9)';

const never = new AbortController().signal;

test('a server that has lost its database is of no use', async () => {
  const address = await saying([BROKEN]);
  expect(await beyondUse(address, { everyMs: 10, silent: 1000, signal: never })).toBe('it has lost its database');
});

test('one that fails otherwise is given its time', async () => {
  const address = await saying(['shard status unknown']);
  expect(await beyondUse(address, { everyMs: 10, silent: 3, signal: never })).toBe('it has not answered for 0 s');
});

test('once is not enough', async () => {
  const address = await saying([BROKEN, 'shard status unknown']);
  expect(await beyondUse(address, { everyMs: 10, silent: 3, signal: never })).toBe('it has not answered for 0 s');
});

test('whoever stops looking is told nothing', async () => {
  const address = await saying([BROKEN]);
  expect(await beyondUse(address, { everyMs: 60_000, signal: AbortSignal.timeout(50) })).toBeUndefined();
});
