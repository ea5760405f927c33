import { lookup } from 'node:dns/promises';
import { isIP, connect as netConnect, type Socket } from 'node:net';
import { getCACertificates } from 'node:tls';
import { buildConnector } from 'undici';
import { type DialOptions, dialer } from './dial.ts';

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

export interface ConnectorOptions extends DialOptions {
  /** PEM certificates to trust besides the usual ones. */
  ca?: readonly string[];
}

/**
 * A connector for undici over checked addresses, see `dialer`. Certificates are checked against the name in the
 * address. HTTP/1.1 only: its limits on headers and lengths are the ones tested here.
 */
export function pinnedConnector(options: ConnectorOptions): buildConnector.connector {
  const dial = dialer(options);
  const ca = options.ca?.length ? [...getCACertificates('default'), ...options.ca] : undefined;
  // The handshake has as long as the connection before it.
  const secure = buildConnector({ allowH2: false, timeout: options.connectMs, maxCachedSessions: 0, ca });

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
