import { resolve } from 'node:path';
import type { Hidden, S3Settings } from './bucket.ts';
import { folderStore } from './folder-store.ts';
import { s3Store } from './s3-store.ts';
import type { FileStore } from './store.ts';

/** Where a store is: a folder, by its absolute path, or a bucket. */
export type Place = { folder: string } | { s3: S3Settings };

/** Amazon's own variables. */
export interface BucketVariables {
  AWS_ACCESS_KEY_ID?: string;
  AWS_SECRET_ACCESS_KEY?: Hidden;
  AWS_SESSION_TOKEN?: Hidden;
  AWS_REGION?: string;
  AWS_ENDPOINT_URL?: string;
}

/** The place that a variable names: a folder, or `s3://bucket/prefix`. Throws an error that names the variable. */
export function placeFrom(variable: string, value: string, bucket: BucketVariables): Place {
  if (!value.startsWith('s3:')) return { folder: resolve(value) };
  const named = parsePlace(value);
  if (!named) throw new Error(`${variable}: expected an address like s3://bucket/prefix, got "${value}".`);
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_ENDPOINT_URL: endpoint } = bucket;
  if (!accessKeyId || !secretAccessKey) {
    const missing = accessKeyId ? 'AWS_SECRET_ACCESS_KEY' : 'AWS_ACCESS_KEY_ID';
    throw new Error(`${variable}: the bucket needs ${missing}; it is not set.`);
  }
  if (endpoint && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) {
    throw new Error(`AWS_ENDPOINT_URL: expected an http or https URL, got "${endpoint}".`);
  }
  return {
    s3: {
      ...named,
      region: bucket.AWS_REGION || 'us-east-1',
      ...(endpoint ? { endpoint } : {}),
      accessKeyId,
      secretAccessKey,
      ...(bucket.AWS_SESSION_TOKEN ? { sessionToken: bucket.AWS_SESSION_TOKEN } : {}),
    },
  };
}

/** The bucket that a place like `s3://bucket/some/prefix` names; undefined where it names none. */
export function parsePlace(place: string): Pick<S3Settings, 'bucket' | 'prefix'> | undefined {
  const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(place) ?? [];
  return bucket ? { bucket, prefix: path.replace(/^\/+|\/+$/g, '') } : undefined;
}

export const storeAt = (place: Place): FileStore => ('s3' in place ? s3Store(place.s3) : folderStore(place.folder));

/** The place in words, without keys. */
export const placeInWords = (place: Place): string =>
  'folder' in place ? place.folder : `s3://${[place.s3.bucket, place.s3.prefix].filter(Boolean).join('/')}`;
