import { AwsClient } from 'aws4fetch';
import type { Secret } from '../secret.ts';
import type { Store } from './store.ts';

/** A bucket and the right to use it. */
export interface S3Settings {
  bucket: string;
  /** Before every key, without slashes at its ends; may be empty. */
  prefix: string;
  region: string;
  /** Of a server that is not Amazon's; its buckets are addressed by path. */
  endpoint?: string;
  accessKeyId: string;
  secretAccessKey: Secret;
  sessionToken?: Secret;
}

/** An object here is some kilobytes; who waits longer is better off without the cache. */
const TIMEOUT_MS = 10_000;

/** The bucket that a place like `s3://bucket/some/prefix` names; undefined where it names none. */
export function parsePlace(place: string): Pick<S3Settings, 'bucket' | 'prefix'> | undefined {
  const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(place) ?? [];
  return bucket ? { bucket, prefix: path.replace(/^\/+|\/+$/g, '') } : undefined;
}

/** A bucket that workers of several machines share. What is old there is removed by a lifecycle rule of the bucket. */
export function s3Store(settings: S3Settings): Store {
  const { bucket, prefix, region, endpoint, accessKeyId, secretAccessKey, sessionToken } = settings;
  const client = new AwsClient({
    accessKeyId,
    secretAccessKey: secretAccessKey.reveal(),
    sessionToken: sessionToken?.reveal(),
    service: 's3',
    region,
    retries: 2,
  });
  const base = endpoint ? `${endpoint.replace(/\/+$/, '')}/${bucket}` : `https://${bucket}.s3.${region}.amazonaws.com`;
  const ask = async (name: string, init: RequestInit) => {
    const path = [...(prefix ? prefix.split('/') : []), ...name.split('/')].map(encodeURIComponent).join('/');
    const response = await client.fetch(`${base}/${path}`, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.ok || response.status === 404) return response;
    await response.body?.cancel();
    throw new Error(`the bucket ${bucket} answered with status ${response.status}`);
  };
  return {
    async read(name) {
      const response = await ask(name, { method: 'GET' });
      const bytes = new Uint8Array(await response.arrayBuffer());
      return response.ok ? bytes : undefined;
    },
    async write(name, bytes) {
      const response = await ask(name, { method: 'PUT', body: new Uint8Array(bytes) });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`there is no bucket ${bucket}`);
    },
    close: () => {},
  };
}
