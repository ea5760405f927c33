import { lookup } from 'node:dns/promises';
import { isIP, connect as netConnect, type Socket } from 'node:net';
import { getCACertificates } from 'node:tls';
import { buildConnector } from 'undici';
import { type AddressPolicy, bare } from './address.ts';
import { FetchError } from './fetch-error.ts';
import { untilAborted } from './until-aborted.ts';

/** What touches the network: names to addresses, addresses to connections. */
export interface Network {
  /** Every address of a host name. */
  resolve(hostname: string): Promise<string[]>;
  /** Starts a TCP connection to the first of the addresses that answers. Looks nothing up. */
  connect(addresses: readonly string[], port: number): Socket;
}

export const systemNetwork: Network = {
  async resolve(hostname) {
    return (await lookup(hostname, { all: true })).map((entry) => entry.address);
  },
  connect(addresses, port) {
    const pinned = addresses.map((address) => ({ address, family: isIP(address) }));
    return netConnect({
      host: 'pinned',
      port,
      lookup: (_host, _options, callback) => callback(null, pinned),
      autoSelectFamily: true,
      // Node's 250 ms give up on a distant server's first address although it works.
      autoSelectFamilyAttemptTimeout: 1500,
    });
  },
};

export interface ConnectorOptions {
  network: Network;
  policy: AddressPolicy;
  /** The page that was asked for, for errors. */
  asked: string;
  /** For the TCP connection, and again for the TLS handshake. */
  connectMs: number;
  /** PEM certificates to trust besides the usual ones. */
  ca?: readonly string[];
  /** Closes whatever is open when it aborts. */
  signal: AbortSignal;
}

/** Enough for any real site; a name with thousands of addresses must not keep us trying. */
const MAX_ADDRESSES = 8;

/**
 * A connector for undici that looks a name up once, checks all its addresses, and connects to those and no others,
 * so that an answer that changes between check and connection (DNS rebinding) changes nothing. Certificates are
 * checked against the name in the address. HTTP/1.1 only: its limits on headers and lengths are the ones tested here.
 */
export function pinnedConnector(options: ConnectorOptions): buildConnector.connector {
  const { network, policy, asked, connectMs, signal } = options;
  const ca = options.ca?.length ? [...getCACertificates('default'), ...options.ca] : undefined;
  const secure = buildConnector({ allowH2: false, timeout: connectMs, maxCachedSessions: 0, ca });

  async function dial(hostname: string, port: number): Promise<Socket> {
    const host = bare(hostname);
    const addresses = isIP(host) === 0 ? await untilAborted(network.resolve(host), signal) : [host];
    if (addresses.length === 0) throw new FetchError('dns', asked, 'no server of that name was found');
    if (!addresses.every((address) => policy.permitsAddress(address, host)))
      throw new FetchError('refused', asked, 'its server has an address that is not a public one');
    signal.throwIfAborted();
    return connected(network.connect(addresses.slice(0, MAX_ADDRESSES), port));
  }

  function connected(socket: Socket): Promise<Socket> {
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    const late = setTimeout(
      () => socket.destroy(new FetchError('timeout', asked, 'its server could not be reached in time')),
      connectMs,
    );
    signal.addEventListener('abort', () => socket.destroy(), { once: true });
    socket.once('connect', () => resolve(socket));
    // Stays for good: whatever fails after the connection is the request's to report, and must not be uncaught here.
    socket.on('error', reject);
    socket.once('close', () => reject(new FetchError('connect', asked, 'its server could not be reached')));
    return promise.finally(() => clearTimeout(late));
  }

  return (request, callback) => {
    const isSecure = request.protocol === 'https:';
    dial(request.hostname, Number(request.port) || (isSecure ? 443 : 80)).then(
      (socket) => {
        if (isSecure) secure({ ...request, httpSocket: socket }, callback);
        else callback(null, socket);
      },
      (error) => callback(error, null),
    );
  };
}
