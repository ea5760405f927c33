import { openAsBlob } from 'node:fs';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { AwsClient } from 'aws4fetch';
import type { FileStore } from './store.ts';

/** A text that shows itself only where it is asked to. */
export interface Hidden {
  reveal(): string;
}

/** A bucket and the right to use it. */
export interface S3Settings {
  bucket: string;
  /** Before every key, without slashes at its ends; may be empty. */
  prefix: string;
  region: string;
  /** Of a server that is not Amazon's; its buckets are addressed by path. */
  endpoint?: string;
  accessKeyId: string;
  secretAccessKey: Hidden;
  sessionToken?: Hidden;
}

/** For an object of some kilobytes; who waits longer is better off without the cache. */
const TIMEOUT_MS = 10_000;

/** A file may be slow, but not for ever. */
const FILE_TIMEOUT_MS = 15 * 60_000;

/** A bucket that workers of several machines share. What is old there is removed by a lifecycle rule of the bucket. */
export function s3Store(settings: S3Settings): FileStore {
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
  const ask = async (name: string, init: RequestInit, timeoutMs = TIMEOUT_MS) => {
    const path = [...(prefix ? prefix.split('/') : []), ...name.split('/')].map(encodeURIComponent).join('/');
    const response = await client.fetch(`${base}/${path}`, { ...init, signal: AbortSignal.timeout(timeoutMs) });
    if (response.ok || response.status === 404) return response;
    await response.body?.cancel();
    throw new Error(`the bucket ${bucket} answered with status ${response.status}`);
  };
  const put = async (name: string, body: Uint8Array<ArrayBuffer> | Blob, timeoutMs?: number) => {
    const response = await ask(name, { method: 'PUT', body: body }, timeoutMs);
    await response.body?.cancel();
    if (!response.ok) throw new Error(`there is no bucket ${bucket}`);
  };
  return {
    async read(name) {
      const response = await ask(name, { method: 'GET' });
      const bytes = new Uint8Array(await response.arrayBuffer());
      return response.ok ? bytes : undefined;
    },
    write: (name, bytes) => put(name, new Uint8Array(bytes)),
    async has(name) {
      const response = await ask(name, { method: 'HEAD' });
      await response.body?.cancel();
      return response.ok;
    },
    writeFile: async (name, path) => put(name, await openAsBlob(path), FILE_TIMEOUT_MS),
    async stream(name) {
      const response = await ask(name, { method: 'GET' }, FILE_TIMEOUT_MS);
      if (response.ok && response.body) return Readable.fromWeb(response.body as ReadableStream);
      await response.body?.cancel();
      return undefined;
    },
    async remove(name) {
      const response = await ask(name, { method: 'DELETE' });
      await response.body?.cancel();
    },
    close: () => {},
  };
}
