import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ExternalStorage } from '@temporalio/common';
import { storedPayloads } from '../converter/stored-payloads.ts';
import { placeFrom } from '../store/place.ts';
import { InvalidInput } from './errors.ts';

/**
 * Where this client finds payloads that are too large for a history: the place that it shares with the workers
 * (`DEEP_RESEARCH_STORE_DIR`), else a worker's own folder if it is on this machine, and then nothing is put there.
 */
export function payloadsFrom(env: Record<string, string | undefined>): ExternalStorage {
  const scratch = join(tmpdir(), 'deep-research-scratch');
  const shared = env.DEEP_RESEARCH_STORE_DIR;
  if (!shared) {
    const folder = resolve(env.DEEP_RESEARCH_STATE_DIR || '.deep-research', 'store');
    return storedPayloads({ place: { folder }, shared: false, scratch, readOnly: true });
  }
  const hidden = (value: string | undefined) => (value ? { reveal: () => value } : undefined);
  try {
    const place = placeFrom('DEEP_RESEARCH_STORE_DIR', shared, {
      ...env,
      AWS_SECRET_ACCESS_KEY: hidden(env.AWS_SECRET_ACCESS_KEY),
      AWS_SESSION_TOKEN: hidden(env.AWS_SESSION_TOKEN),
    });
    return storedPayloads({ place, shared: true, scratch });
  } catch (error) {
    throw new InvalidInput((error as Error).message);
  }
}
