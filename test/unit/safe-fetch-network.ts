import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { Network } from '../../activities/web/network.ts';

/** A public address of the kind a site has; nothing is ever sent there. */
export const PUBLIC = '93.184.215.14';

export interface RecordingNetwork extends Network {
  lookups: string[];
  /** Each as `address,address:port`. */
  connections: string[];
}

/**
 * A network that looks names up in a table (one list of addresses a name, or several lists for one look-up after the
 * other), notes what is connected to, and leads every connection to a local port; without a port there is none to make.
 */
export function recordingNetwork(names: Record<string, string[] | string[][]>, localPort?: number): RecordingNetwork {
  const lookups: string[] = [];
  const connections: string[] = [];
  const asked = new Map<string, number>();
  return {
    lookups,
    connections,
    async resolve(name) {
      lookups.push(name);
      const entry = names[name];
      if (entry === undefined) throw Object.assign(new Error(`no ${name} on 10.0.0.53`), { code: 'ENOTFOUND' });
      const turn = asked.get(name) ?? 0;
      asked.set(name, turn + 1);
      return (Array.isArray(entry[0]) ? entry[Math.min(turn, entry.length - 1)] : entry) as string[];
    },
    connect(addresses, port) {
      connections.push(`${addresses.join(',')}:${port}`);
      if (localPort === undefined) throw new Error('a connection was made');
      return connect(localPort, '127.0.0.1');
    },
  };
}

export interface LocalServer {
  port: number;
  close(): Promise<void>;
}

export function httpServer(listener: RequestListener): Promise<LocalServer> {
  return listening(createServer(listener));
}

/** A server that says what it likes, whenever a request (or a TLS greeting) has come. */
export function rawServer(answer: (socket: Socket, request: string) => void): Promise<LocalServer> {
  return listening(
    createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (data) => answer(socket, data.toString('latin1')));
    }),
  );
}

/** Starts a server on a free local port; `close` ends its open connections as well. */
export async function listening(server: Server): Promise<LocalServer> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
