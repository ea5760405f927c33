import { isIP, type Socket } from 'node:net';
import { type AddressPolicy, bare } from './address.ts';
import { FetchError } from './fetch-error.ts';
import type { Network } from './network.ts';
import { untilAborted } from './until-aborted.ts';

export interface DialOptions {
  network: Network;
  policy: AddressPolicy;
  /** The page that was asked for, for errors. */
  asked: string;
  connectMs: number;
  /** Closes whatever is open when it aborts. */
  signal: AbortSignal;
}

/** Makes a TCP connection to a host. Throws `FetchError`, errors of the resolver, and the reason of the signal. */
export type Dial = (hostname: string, port: number) => Promise<Socket>;

/** Enough for any real site; a name with thousands of addresses must not keep us trying. */
const MAX_ADDRESSES = 8;

/**
 * Looks a name up once, checks all its addresses, and connects to those and no others, so that an answer that changes
 * between check and connection (DNS rebinding) changes nothing.
 */
export function dialer({ network, policy, asked, connectMs, signal }: DialOptions): Dial {
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

  return async (hostname, port) => {
    const host = bare(hostname);
    const addresses = isIP(host) === 0 ? await untilAborted(network.resolve(host), signal) : [host];
    if (addresses.length === 0) throw new FetchError('dns', asked, 'no server of that name was found');
    if (!addresses.every((address) => policy.permitsAddress(address, host)))
      throw new FetchError('refused', asked, 'its server has an address that is not a public one');
    signal.throwIfAborted();
    return connected(network.connect(addresses.slice(0, MAX_ADDRESSES), port));
  };
}
