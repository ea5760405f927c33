import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Blobs, blobsIn } from '../../store/blobs.ts';
import { placeFrom, storeAt } from '../../store/place.ts';
import type { Hidden } from '../../store/s3-store.ts';
import { InvalidInput } from '../errors.ts';

type Env = Record<string, string | undefined>;

/** The store that this machine shares with the workers, by `DEEP_RESEARCH_STORE_DIR`; undefined where it shares none. */
export function sharedStore(env: Env = process.env): Blobs | undefined {
  const place = env.DEEP_RESEARCH_STORE_DIR?.trim();
  if (!place) return undefined;
  try {
    const { AWS_ACCESS_KEY_ID, AWS_REGION, AWS_ENDPOINT_URL } = env;
    const secrets = {
      AWS_SECRET_ACCESS_KEY: hidden(env.AWS_SECRET_ACCESS_KEY),
      AWS_SESSION_TOKEN: hidden(env.AWS_SESSION_TOKEN),
    };
    const bucket = { AWS_ACCESS_KEY_ID, AWS_REGION, AWS_ENDPOINT_URL, ...secrets };
    const store = storeAt(placeFrom('DEEP_RESEARCH_STORE_DIR', place, bucket));
    return blobsIn(store, join(tmpdir(), 'deep-research-files'));
  } catch (error) {
    throw new InvalidInput((error as Error).message, { cause: error });
  }
}

const hidden = (text: string | undefined): Hidden | undefined => (text ? { reveal: () => text } : undefined);
