import { addressPolicy } from './address.ts';
import type { Network } from './network.ts';
import { robotsPermit } from './robots.ts';
import { type SafeFetchOptions, userAgent } from './safe-fetch.ts';
import type { WebSettings } from './web-pages.ts';

/** How the settings have things fetched. */
export function fetchOptionsOf(settings: WebSettings, network?: Network): SafeFetchOptions {
  const policy = addressPolicy(settings.allowPrivate);
  const options: SafeFetchOptions = { policy, userAgent: userAgent(settings.contact), network };
  return settings.robots ? { ...options, permit: robotsPermit(options) } : options;
}
