import { openAsBlob } from 'node:fs';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { FILE_TIMEOUT_MS, openBucket, type S3Settings } from './bucket.ts';
import type { FileStore } from './store.ts';

/** A bucket that workers of several machines share. What is old there is removed by a lifecycle rule of the bucket. */
export function s3Store(settings: S3Settings): FileStore {
  const bucket = openBucket(settings);
  return {
    async read(name) {
      const response = await bucket.get(name);
      const bytes = new Uint8Array(await response.arrayBuffer());
      return response.ok ? bytes : undefined;
    },
    write: (name, bytes) => bucket.put(name, new Uint8Array(bytes)),
    has: async (name) => (await bucket.size(name)) !== undefined,
    writeFile: async (name, path) => bucket.put(name, await openAsBlob(path), FILE_TIMEOUT_MS),
    async stream(name) {
      const response = await bucket.get(name, { timeoutMs: FILE_TIMEOUT_MS });
      if (response.ok && response.body) return Readable.fromWeb(response.body as ReadableStream);
      await response.body?.cancel();
      return undefined;
    },
    remove: (name) => bucket.remove(name),
    close: () => {},
  };
}
