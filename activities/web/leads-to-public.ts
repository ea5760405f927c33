import { addressPolicy, bare } from './address.ts';
import { type Network, systemNetwork } from './network.ts';

/** Whether an address, and all that its name stands for, is public: may be told to a service outside. */
export async function leadsToPublic(url: string, network: Network = systemNetwork): Promise<boolean> {
  const host = URL.parse(url)?.hostname;
  const policy = addressPolicy();
  if (!host || !policy.permitsHost(host)) return false;
  try {
    const addresses = await network.resolve(bare(host));
    return addresses.length > 0 && addresses.every((address) => policy.permitsAddress(address, host));
  } catch {
    return false;
  }
}
