import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import {
  type ContainedLimits,
  type ContainedReader,
  containedReader,
} from '../../activities/documents/contained-reader.ts';
import { readDocument } from '../../activities/documents/read-document.ts';

const open: ContainedReader[] = [];
afterEach(() => {
  for (const reader of open.splice(0)) reader.close();
});

function readerWith(limits: Partial<ContainedLimits> = {}): ContainedReader {
  const reader = containedReader(limits);
  open.push(reader);
  return reader;
}

const PAGE = Buffer.from('<title>Lamps</title><h1>Lamps</h1><p>Trimmed <a href="/twice">twice</a>.</p>');
const HINT = { name: 'The page', contentType: 'text/html', url: 'https://x.example/' };
/** Costs a parser more than a second, and its tree more than 64 MB. */
const HEAVY = Buffer.from('<p>'.repeat(400_000));

test('reads as the reader does, and leaves the bytes as they are', async () => {
  const { read } = readerWith();
  const both = await Promise.all([read(PAGE, HINT), readDocument(PAGE, HINT)]);
  expect(both[0]).toEqual(both[1]);
  expect(both[0].text).toBe('# Lamps\n\nTrimmed [twice](https://x.example/twice).');
  expect(PAGE.toString()).toContain('Lamps');
});

test('a sentence stays one, and the process serves on', async () => {
  const { read } = readerWith({ processes: 1 });
  await expect(read(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), { name: 'It' })).rejects.toMatchObject({
    name: 'ToolError',
    message: 'It is an image that is damaged or in a form not known here.',
  });
  expect((await read(PAGE, HINT)).title).toBe('Lamps');
});

test('a document over the limit of time or memory costs itself only', async () => {
  const slow = readerWith({ processes: 1, timeMs: 300 });
  const failure = slow.read(HEAVY, HINT);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 20);
  await expect(failure).rejects.toThrow('The page could not be read: taking it apart took longer than 0.3 seconds.');
  clearInterval(timer);
  // The process goes on meanwhile, or heartbeats would stop.
  expect(ticks).toBeGreaterThan(2);
  const small = readerWith({ processes: 1, memoryMb: 64 });
  await expect(small.read(HEAVY, HINT)).rejects.toThrow(
    'The page could not be read: it takes more than 64 MB of memory.',
  );
  expect((await small.read(PAGE, HINT)).title).toBe('Lamps');
});

test('a reading that is stopped ends at once, and those in line do not start', async () => {
  const { read } = readerWith({ processes: 1 });
  const stop = new AbortController();
  const readings = [1, 2].map(() => read(HEAVY, { ...HINT, signal: stop.signal }));
  const settled = Promise.allSettled(readings);
  await sleep(20);
  stop.abort(new Error('stopped'));
  expect((await settled).map((one) => one.status === 'rejected' && one.reason.message)).toEqual(['stopped', 'stopped']);
  expect((await read(PAGE, HINT)).title).toBe('Lamps');
});
