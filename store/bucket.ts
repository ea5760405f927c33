import { AwsClient } from 'aws4fetch';

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
export const FILE_TIMEOUT_MS = 15 * 60_000;

/** S3 takes parts of a large object from 5 MiB on, 10,000 at most. */
const PART = 16 * 2 ** 20;

/** The objects of a bucket below its prefix, by name. Of each a reader sees all that was written, or what was before. */
export interface Bucket {
  /** `range`: bytes from, and how many. The status is 404 where there is none. */
  get(name: string, options?: { range?: [number, number]; timeoutMs?: number }): Promise<Response>;
  put(name: string, body: Uint8Array<ArrayBuffer> | Blob, timeoutMs?: number): Promise<void>;
  /** Bytes of an object; undefined where there is none. */
  size(name: string): Promise<number | undefined>;
  remove(name: string): Promise<void>;
  /** Those whose names begin so, in the order of their bytes. */
  list(start: string): AsyncGenerator<{ name: string; bytes: number }>;
  /** Puts an object of any size as it comes. */
  upload(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void>;
}

export function openBucket(settings: S3Settings): Bucket {
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
  const keyOf = (name: string): string => (prefix ? `${prefix}/${name}` : name);
  const send = async (url: string, init: RequestInit, timeoutMs = TIMEOUT_MS) => {
    const response = await client.fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
    if (response.ok || response.status === 404) return response;
    await response.body?.cancel();
    throw Object.assign(new Error(`the bucket ${bucket} answered with status ${response.status}`), {
      status: response.status,
    });
  };
  const ask = (name: string, init: RequestInit, timeoutMs?: number, query = '') =>
    send(`${base}/${keyOf(name).split('/').map(encodeURIComponent).join('/')}${query}`, init, timeoutMs);
  const text = async (response: Response): Promise<string> => {
    const body = await response.text();
    if (!response.ok) throw new Error(`there is no bucket ${bucket}`);
    return body;
  };
  const put: Bucket['put'] = async (name, body, timeoutMs) => {
    await text(await ask(name, { method: 'PUT', body }, timeoutMs));
  };

  return {
    get: (name, { range, timeoutMs } = {}) =>
      ask(
        name,
        { method: 'GET', ...(range ? { headers: { range: `bytes=${range[0]}-${range[0] + range[1] - 1}` } } : {}) },
        timeoutMs,
      ),
    put,
    async size(name) {
      const response = await ask(name, { method: 'HEAD' });
      await response.body?.cancel();
      return response.ok ? Number(response.headers.get('content-length')) : undefined;
    },
    async remove(name) {
      const response = await ask(name, { method: 'DELETE' });
      await response.body?.cancel();
    },
    async *list(start) {
      for (let token: string | undefined = ''; token !== undefined; ) {
        const query = new URLSearchParams({
          'list-type': '2',
          prefix: keyOf(start),
          ...(token ? { 'continuation-token': token } : {}),
        });
        const page = await text(await send(`${base}?${query}`, { method: 'GET' }, FILE_TIMEOUT_MS));
        for (const [object] of page.matchAll(/<Contents>.*?<\/Contents>/gs)) {
          const key = plain(/<Key>([^<]*)</.exec(object)?.[1] ?? '');
          yield { name: key.slice(keyOf('').length), bytes: Number(/<Size>(\d+)</.exec(object)?.[1]) };
        }
        token = plain(/<NextContinuationToken>([^<]*)</.exec(page)?.[1] ?? '') || undefined;
      }
    },
    async upload(name, chunks) {
      let upload: string | undefined;
      const tags: string[] = [];
      const part = async (bytes: Uint8Array<ArrayBuffer>) => {
        upload ??= /<UploadId>([^<]+)</.exec(
          await text(await ask(name, { method: 'POST' }, undefined, '?uploads=')),
        )?.[1];
        if (!upload) throw new Error(`the bucket ${bucket} takes no object in parts`);
        const query = `?partNumber=${tags.length + 1}&uploadId=${encodeURIComponent(plain(upload))}`;
        const response = await ask(name, { method: 'PUT', body: bytes }, FILE_TIMEOUT_MS, query);
        await text(response);
        tags.push(response.headers.get('etag') ?? '');
      };
      try {
        let held: Uint8Array[] = [];
        let bytes = 0;
        for await (const chunk of chunks) {
          held.push(chunk);
          bytes += chunk.length;
          if (bytes < PART) continue;
          await part(new Uint8Array(Buffer.concat(held)));
          held = [];
          bytes = 0;
        }
        const rest = new Uint8Array(Buffer.concat(held));
        if (upload === undefined) return await put(name, rest, FILE_TIMEOUT_MS);
        if (rest.length > 0) await part(rest);
        const listed = tags.map(
          (tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${tag}</ETag></Part>`,
        );
        const body = `<CompleteMultipartUpload>${listed.join('')}</CompleteMultipartUpload>`;
        const query = `?uploadId=${encodeURIComponent(plain(upload))}`;
        const done = await text(await ask(name, { method: 'POST', body }, FILE_TIMEOUT_MS, query));
        // Its status is sent before it is known whether it succeeds.
        if (done.includes('<Error>')) throw new Error(`the bucket ${bucket} could not join the parts of ${name}`);
      } catch (error) {
        if (upload !== undefined) {
          const query = `?uploadId=${encodeURIComponent(plain(upload))}`;
          await ask(name, { method: 'DELETE' }, undefined, query).catch(() => {});
        }
        throw error;
      }
    },
  };
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Text of an XML answer. */
const plain = (text: string): string =>
  text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));/gi, (whole, decimal, hex, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal));
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    return ENTITIES[name] ?? whole;
  });
