import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { DataConverter, ExternalStorage } from '@temporalio/common';
import { dataConverterWith } from '../converter/data-converter.ts';
import { encryptionKeysFrom } from '../converter/encryption/keys.ts';
import { type PayloadStore, storedPayloads } from '../converter/stored-payloads.ts';
import { placeFrom } from '../store/place.ts';
import { bucketRights } from './bucket-rights.ts';
import { InvalidInput } from './errors.ts';

type Env = Record<string, string | undefined>;

/** How this client's values travel: as the workers', by the same variables. Throws `InvalidInput`, naming the variable. */
export function converterFrom(env: Env): DataConverter {
  try {
    return dataConverterWith(storageFrom(env), encryptionKeysFrom(env));
  } catch (error) {
    throw new InvalidInput((error as Error).message);
  }
}

const storageFrom = (env: Env): ExternalStorage => {
  const store = payloadStoreFrom(env);
  return storedPayloads(store.shared ? store : { ...store, readOnly: true });
};

/**
 * Where this client finds payloads that are too large for a history: the place that it shares with the workers
 * (`DEEP_RESEARCH_STORE_DIR`), else a worker's own folder if it is on this machine, and then nothing is put there.
 */
export function payloadStoreFrom(env: Env): PayloadStore {
  const scratch = join(tmpdir(), 'deep-research-scratch');
  const shared = env.DEEP_RESEARCH_STORE_DIR;
  if (!shared) {
    const folder = resolve(env.DEEP_RESEARCH_STATE_DIR || '.deep-research', 'store');
    return { place: { folder }, shared: false, scratch };
  }
  return { place: placeFrom('DEEP_RESEARCH_STORE_DIR', shared, bucketRights(env)), shared: true, scratch };
}
