import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FileStore } from './store.ts';

/** Up to here a file is read into memory; a larger one is copied first, so that what is stored is what was hashed. */
const IN_MEMORY = 4 * 2 ** 20;

export interface Blob {
  sha256: string;
  bytes: number;
}

/** Contents of files, kept by their hash (SHA-256, hex): the same content is kept once. */
export interface Blobs {
  has(sha256: string): Promise<boolean>;
  /** Keeps the bytes if they are not there, and gives their hash. */
  put(bytes: Uint8Array): Promise<Blob>;
  /** The same for a stream, which may be longer than memory. Throws when it has more bytes than `most`. */
  putStream(stream: Readable, size: number, most?: number): Promise<Blob>;
  /** The content, read as a whole; undefined where there is none. Throws where it is not what its hash says. */
  get(sha256: string): Promise<Uint8Array | undefined>;
  /** The content as it comes; it ends with an error where it is not what its hash says. */
  stream(sha256: string): Promise<Readable | undefined>;
}

export const isHash = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

export const sha256Of = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** @param scratch folder for large files on their way in */
export function blobsIn(store: FileStore, scratch: string, area = 'blobs'): Blobs {
  const nameOf = (sha256: string) => {
    if (!isHash(sha256)) throw new Error(`${JSON.stringify(sha256)} is not a SHA-256 in hex.`);
    return `${area}/${sha256}`;
  };

  async function put(bytes: Uint8Array): Promise<Blob> {
    const sha256 = sha256Of(bytes);
    if (!(await store.has(nameOf(sha256)))) await store.write(nameOf(sha256), bytes);
    return { sha256, bytes: bytes.length };
  }

  return {
    has: (sha256) => store.has(nameOf(sha256)),
    put,

    async putStream(stream, size, most = Number.POSITIVE_INFINITY) {
      if (size <= IN_MEMORY) {
        const chunks: Buffer[] = [];
        let read = 0;
        for await (const chunk of stream) {
          read += (chunk as Buffer).length;
          if (read > Math.min(most, 2 * IN_MEMORY)) throw new Error('the file grew while it was read');
          chunks.push(chunk as Buffer);
        }
        return put(Buffer.concat(chunks));
      }
      const draft = join(scratch, randomUUID());
      await mkdir(dirname(draft), { recursive: true, mode: 0o700 });
      try {
        const counted = hashing(most);
        await pipeline(stream, counted.through, createWriteStream(draft, { flags: 'wx', mode: 0o600 }));
        const blob = counted.ended();
        if (!(await store.has(nameOf(blob.sha256)))) await store.writeFile(nameOf(blob.sha256), draft);
        return blob;
      } finally {
        await rm(draft, { force: true });
      }
    },

    async get(sha256) {
      const bytes = await store.read(nameOf(sha256));
      if (bytes && sha256Of(bytes) !== sha256) throw damaged(sha256);
      return bytes;
    },

    async stream(sha256) {
      const stream = await store.stream(nameOf(sha256));
      return stream && checked(stream, sha256);
    },
  };
}

/** A stream that fails at its end where it was not what the hash says. */
export function checked(stream: Readable, sha256: string): Readable {
  const { through, ended } = hashing();
  const check = new Transform({
    transform: (chunk, _, done) => done(null, chunk),
    flush: (done) => done(ended().sha256 === sha256 ? null : damaged(sha256)),
  });
  pipeline(stream, through, check).catch(() => {});
  return check;
}

function hashing(most = Number.POSITIVE_INFINITY) {
  const hash = createHash('sha256');
  let bytes = 0;
  const through = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      if (bytes > most) return done(new Error(`it has more than ${most} bytes`));
      hash.update(chunk);
      done(null, chunk);
    },
  });
  return { through, ended: (): Blob => ({ sha256: hash.digest('hex'), bytes }) };
}

const damaged = (sha256: string) => new Error(`The stored file ${sha256} is damaged: its bytes have another hash.`);

/** Puts a file of this machine, which is one of its user's and may be a link. Throws as `fs` does. */
export async function putFile(blobs: Blobs, path: string, most?: number): Promise<Blob> {
  const file = await open(path);
  try {
    const stats = await file.stat();
    if (!stats.isFile())
      throw Object.assign(new Error('it is no file'), { code: stats.isDirectory() ? 'EISDIR' : 'EINVAL' });
    return await blobs.putStream(file.createReadStream({ autoClose: false }), stats.size, most);
  } finally {
    await file.close();
  }
}
