import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Store } from '../../store/store.ts';
import { count } from '../../telemetry/metrics.ts';

/** An answer from an earlier look-up. */
export interface Cached {
  value: unknown;
  /** Epoch milliseconds. */
  storedAt: number;
}

/**
 * What look-ups of all sessions brought. A place that cannot be read or written costs no look-up: it is as if nothing
 * were kept there.
 */
export interface Cache {
  /** What was put under the key, unless it is too old. The value must be checked: another version may have put it. */
  get(key: string): Promise<Cached | undefined>;
  /** Keeps a value that JSON can hold. */
  put(key: string, value: unknown): Promise<void>;
  /** Keeps a page's bytes by their hash, so that a citation can be checked later, and gives the hash (SHA-256, hex). */
  putPage(bytes: Uint8Array): Promise<string>;
  /** The bytes of this hash, whatever their age. */
  getPage(hash: string): Promise<Uint8Array | undefined>;
  close(): void;
}

export interface CacheOptions {
  /** Answers older than this are not given, in milliseconds. */
  maxAgeMs: number;
  /** For a log: a sentence on what the place refused, the first time and then once an hour. */
  onProblem?: (message: string) => void;
  now?: () => number;
}

const PROBLEM_EVERY_MS = 3_600_000;

const zip = promisify(gzip);
const unzip = promisify(gunzip);

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

export function makeCache(store: Store, { maxAgeMs, onProblem, now = Date.now }: CacheOptions): Cache {
  let toldAt = Number.NEGATIVE_INFINITY;
  const tolerant = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (now() - toldAt >= PROBLEM_EVERY_MS) {
        toldAt = now();
        onProblem?.(`The cache cannot be used: ${error instanceof Error ? error.message : error}`);
      }
      return undefined;
    }
  };

  return {
    async get(key) {
      const found = await tolerant(async () => {
        const bytes = await store.read(`answers/${sha256(key)}`);
        const kept = bytes && parsed((await unzip(bytes)).toString('utf8'));
        if (kept?.key !== key || now() - kept.storedAt > maxAgeMs) return undefined;
        return { value: kept.value, storedAt: kept.storedAt };
      });
      count.cacheLookup(found !== undefined);
      return found;
    },

    async put(key, value) {
      const kept: KeptAnswer = { key, storedAt: now(), value };
      await tolerant(async () => store.write(`answers/${sha256(key)}`, await zip(JSON.stringify(kept))));
    },

    async putPage(bytes) {
      const hash = sha256(bytes);
      await tolerant(async () => store.write(`pages/${hash}`, await zip(bytes)));
      return hash;
    },

    getPage: (hash) =>
      tolerant(async () => {
        if (!/^[0-9a-f]{64}$/.test(hash)) return undefined;
        const kept = await store.read(`pages/${hash}`);
        const bytes = kept && (await unzip(kept));
        return bytes && sha256(bytes) === hash ? bytes : undefined;
      }),

    close: () => store.close(),
  };
}

/** Keeps nothing. */
export const noCache: Cache = {
  get: async () => undefined,
  put: async () => {},
  putPage: async (bytes) => sha256(bytes),
  getPage: async () => undefined,
  close: () => {},
};

interface KeptAnswer {
  /** As it was asked for: for people who look into the place. */
  key: string;
  storedAt: number;
  value: unknown;
}

function parsed(text: string): KeptAnswer | undefined {
  const kept = JSON.parse(text) as Partial<KeptAnswer> | null;
  return typeof kept?.storedAt === 'number' ? (kept as KeptAnswer) : undefined;
}
