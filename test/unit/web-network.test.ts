import { createServer } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { addressPolicy } from '../../activities/web/address.ts';
import { systemNetwork } from '../../activities/web/network.ts';
import { safeFetch } from '../../activities/web/safe-fetch.ts';
import { httpServer, type LocalServer, listening } from './safe-fetch-network.ts';

const signal = new AbortController().signal;
const servers: LocalServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

it('connects to the given addresses only, the next one where one does not answer', async () => {
  const server = await listening(createServer((socket) => socket.end('here')));
  servers.push(server);
  for (const addresses of [['127.0.0.1'], ['::1', '127.0.0.1'], ['127.0.0.2', '127.0.0.1']]) {
    const socket = systemNetwork.connect(addresses, server.port);
    const [data] = await new Promise<Buffer[]>((resolve, reject) => {
      socket.once('data', (chunk: Buffer) => resolve([chunk])).once('error', reject);
    });
    expect(data!.toString()).toBe('here');
    expect(socket.remoteAddress).toBe('127.0.0.1');
    socket.destroy();
  }
});

it('reaches this machine where that is opened, and does not otherwise', async () => {
  const server = await httpServer((request, response) => response.end(`for ${request.headers.host}`));
  servers.push(server);
  const url = `http://localhost:${server.port}/`;
  const { bytes } = await safeFetch(url, { policy: addressPolicy(['localhost']), ports: [server.port] }, signal);
  expect(Buffer.from(bytes).toString()).toBe(`for localhost:${server.port}`);
  await expect(safeFetch(url, { ports: [server.port] }, signal)).rejects.toThrow('is not a public one');
  await expect(safeFetch(`http://127.0.0.1:${server.port}/`, { ports: [server.port] }, signal)).rejects.toThrow(
    'is not a public one',
  );
});
