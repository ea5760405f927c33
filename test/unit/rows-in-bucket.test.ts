import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Bucket, openBucket } from '../../store/bucket.ts';
import { type RowsInBucket, rowsInBucket } from '../../store/rows-in-bucket.ts';
import { type S3Server, startS3Server } from '../support/s3-server.ts';

const KEY = { id: 'id', secret: 'secret', bucket: 'research' };
let server: S3Server;
let bucket: Bucket;
let rows: RowsInBucket;

beforeAll(async () => {
  server = await startS3Server(KEY);
  bucket = openBucket({
    bucket: KEY.bucket,
    prefix: 'some/place',
    region: 'us-east-1',
    endpoint: server.url,
    accessKeyId: KEY.id,
    secretAccessKey: { reveal: () => KEY.secret },
  });
});
afterAll(() => server.close());
beforeEach(() => {
  server.objects.clear();
  rows = rowsInBucket(bucket, 'rollout_01.jsonl');
});

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all).toString('utf8');
}
const write = (offset: number, text: string) => rows.write(offset, Buffer.from(text));
const names = () => [...server.objects.keys()].map((path) => path.replace('/research/some/place/', '')).sort();

test('lots are read in their order, from any byte on, and become one object', async () => {
  expect(await textOf(rows.read(0))).toBe('');
  for (const [offset, text] of [
    [0, 'one\n'],
    [4, 'two\n'],
    [8, 'three\n'],
    [4, 'two\n'],
  ] as const)
    await write(offset, text);
  expect(names()).toHaveLength(3);
  expect(await textOf(rows.read(0))).toBe('one\ntwo\nthree\n');
  expect(await textOf(rows.read(6))).toBe('o\nthree\n');
  await rows.join(14);
  expect(names()).toEqual(['rollout_01.jsonl']);
  expect(await textOf(rows.read(0))).toBe('one\ntwo\nthree\n');
  // Again, as after a crash; and a write that comes late changes nothing.
  await rows.join(14);
  await write(4, 'two\n');
  expect(names()).toEqual(['rollout_01.jsonl']);
});

test('what a run that was reset has left does not count', async () => {
  for (const [offset, text] of [
    [0, 'one\n'],
    [4, 'two\n'],
    [8, 'three\n'],
  ] as const)
    await write(offset, text);
  await write(4, 'other\n');
  expect(await textOf(rows.read(0))).toBe('one\nother\n');
  await rows.join(10);
  expect(await textOf(rows.read(0))).toBe('one\nother\n');
  // Reset to before what was joined.
  await write(4, 'third\n');
  expect(await textOf(rows.read(0))).toBe('one\nthird\n');
  await rows.join(10);
  expect(names()).toEqual(['rollout_01.jsonl']);
  expect(await textOf(rows.read(0))).toBe('one\nthird\n');
});

test('a lot that is missing is told, and nothing is thrown away', async () => {
  await write(0, 'one\n');
  await write(8, 'three\n');
  await expect(rows.join(14)).rejects.toThrow(/has 4 bytes in the bucket where 14 were written/);
  await write(4, 'two\n');
  await rows.join(14);
  expect(await textOf(rows.read(0))).toBe('one\ntwo\nthree\n');
});

test('others take the place of all rows at once, also where that is interrupted', async () => {
  await write(0, 'one\n');
  await write(4, 'two\n');
  const kept = async function* () {
    yield Buffer.from('two\n');
  };
  // The bucket fails after the new rows are there, before those of before are gone.
  const { remove } = bucket;
  bucket.remove = () => Promise.reject(new Error('away'));
  await expect(rows.replace(kept)).rejects.toThrow('away');
  expect(await textOf(rows.read(0))).toBe('two\n');
  bucket.remove = remove;
  await rows.replace(kept);
  expect(names()).toEqual(['rollout_01.jsonl']);
  await write(4, 'three\n');
  expect(await textOf(rows.read(0))).toBe('two\nthree\n');
});

test('rows of many megabytes are joined in parts', async () => {
  const lot = `${'x'.repeat(9 * 2 ** 20 - 1)}\n`;
  for (let index = 0; index < 5; index += 1) await write(index * lot.length, lot);
  await rows.join(5 * lot.length);
  expect(names()).toEqual(['rollout_01.jsonl']);
  expect(server.objects.get('/research/some/place/rollout_01.jsonl')?.equals(Buffer.from(lot.repeat(5)))).toBe(true);
});

test('where the parts cannot be joined nothing is taken away', async () => {
  const lot = `${'x'.repeat(20 * 2 ** 20 - 1)}\n`;
  await write(0, lot);
  server.fail = 403;
  await expect(rows.join(lot.length)).rejects.toThrow('answered with status 403');
  delete server.fail;
  expect(names()).toEqual(['rollout_01.parts/000000000000000.jsonl']);
});
