import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Blobs, blobsIn } from '../../store/blobs.ts';
import type { S3Settings } from '../../store/bucket.ts';
import { placeFrom, storeAt } from '../../store/place.ts';
import { bucketRights } from '../bucket-rights.ts';
import { InvalidInput } from '../errors.ts';

export type Env = Record<string, string | undefined>;

/** The store that this machine shares with the workers, by `DEEP_RESEARCH_STORE_DIR`; undefined where it shares none. */
export function sharedStore(env: Env = process.env): Blobs | undefined {
  const place = env.DEEP_RESEARCH_STORE_DIR?.trim();
  if (!place) return undefined;
  try {
    const store = storeAt(placeFrom('DEEP_RESEARCH_STORE_DIR', place, bucketRights(env)));
    return blobsIn(store, join(tmpdir(), 'deep-research-files'));
  } catch (error) {
    throw new InvalidInput((error as Error).message, { cause: error });
  }
}

/** The bucket at an address like `s3://bucket/prefix`; undefined where this machine has no right to use it. */
export function bucketAt(address: string, env: Env): S3Settings | undefined {
  try {
    const place = placeFrom('address', address, bucketRights(env));
    return 's3' in place ? place.s3 : undefined;
  } catch {
    return undefined;
  }
}
