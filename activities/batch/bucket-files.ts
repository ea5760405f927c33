import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { openBucket, type S3Settings } from '../../store/bucket.ts';
import { rowsInBucket } from '../../store/rows-in-bucket.ts';
import { type BatchFiles, rolloutFile } from './batch-files.ts';

const CHUNK = 1 << 20;
/** There while sessions may leave their accounts. */
const MARK = 'accounts/open';

/** The files of a batch in a bucket, below its prefix. */
export function bucketFiles(settings: S3Settings, scratch: string): BatchFiles {
  const bucket = openBucket(settings);
  const rowsOf = (rollout: number) => rowsInBucket(bucket, rolloutFile(rollout));
  const write = (name: string, text: string) => bucket.put(name, new Uint8Array(Buffer.from(text)));
  const read = async (name: string): Promise<Buffer | undefined> => {
    const response = await bucket.get(name);
    const bytes = Buffer.from(await response.arrayBuffer());
    return response.ok ? bytes : undefined;
  };
  const upload = (name: string, path: string) => bucket.upload(name, createReadStream(path, { highWaterMark: CHUNK }));
  return {
    read,
    async readPart(name, offset, bytes) {
      const response = await bucket.get(name, { range: [offset, bytes] });
      const part = Buffer.from(await response.arrayBuffer());
      if (!response.ok) throw new Error(`${name} is not in the bucket any more.`);
      // A server that knows no ranges gives all of it.
      return response.status === 206 ? part : part.subarray(offset, offset + bytes);
    },
    write,
    leave: write,
    async append(name, text) {
      await write(name, `${(await read(name)) ?? ''}${text}`);
    },
    async publish(name, record) {
      if ((await bucket.size(name)) === undefined) await write(name, JSON.stringify(record));
    },
    remove: (name) => bucket.remove(name),
    async take(name, path) {
      await upload(name, path);
      await rm(path);
    },
    async scratch() {
      await mkdir(scratch, { recursive: true, mode: 0o700 });
      return scratch;
    },

    rows: (rollout) => rowsOf(rollout).read(0),
    async writeRows(rollout, offset, bytes) {
      await rowsOf(rollout).write(offset, bytes);
      return offset + bytes.length;
    },
    async replaceRows(rollout, path) {
      await rowsOf(rollout).replace(() => createReadStream(path, { highWaterMark: CHUNK }));
      await rm(path);
    },
    endRows: (rollout, bytes) => rowsOf(rollout).join(bytes),

    takesAccounts: async () => (await bucket.size(MARK)) !== undefined,
    async setTakesAccounts(yes) {
      if (yes) return write(MARK, '');
      // The mark goes first: what comes later is left nowhere.
      await bucket.remove(MARK);
      for await (const { name } of bucket.list('accounts/')) await bucket.remove(name);
    },
  };
}
