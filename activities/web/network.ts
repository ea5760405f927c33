import { lookup } from 'node:dns/promises';
import { isIP, connect as netConnect, type Socket } from 'node:net';

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
