import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { capture } from '../../activities/sandbox/capture.ts';
import { excerpt } from '../../activities/sandbox/excerpt.ts';

const folder = mkdtempSync(join(tmpdir(), 'sandbox-output-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('capture', () => {
  async function captured(chunks: Buffer[], limit: number, path = join(folder, 'captured')) {
    rmSync(join(folder, 'captured'), { force: true });
    const stream = Readable.from(chunks, { objectMode: false });
    const running = capture(stream, openSync(path, 'a'), limit);
    await finished(stream);
    return running.finish(0);
  }
  const written = () => readFileSync(join(folder, 'captured'), 'latin1');
  const numbered = Array.from({ length: 500 }, (_, index) => Buffer.from(`${index}`.padStart(9, '0').repeat(111)));
  const all = Buffer.concat(numbered).toString();

  it.each([1, 50, 500])('writes all of what fits, in %i pieces', async (pieces) => {
    const chunks = numbered.slice(0, pieces);
    expect(await captured(chunks, 1_000_000)).toEqual({ bytes: pieces * 999, cut: false });
    expect(written()).toBe(Buffer.concat(chunks).toString());
  });

  it('keeps the beginning and the end of what does not', async () => {
    expect(await captured(numbered, 200_000)).toEqual({ bytes: 499_500, cut: true });
    const [head, tail] = written().split(
      '\n[… 299500 bytes of output were not kept …]\n'.replaceAll('…', '\xe2\x80\xa6'),
    );
    expect(head).toBe(all.slice(0, 200_000 - 65_536));
    expect(tail).toBe(all.slice(-65_536));
  });

  it('leaves nothing out where the end begins in the middle of a piece', async () => {
    expect(await captured([Buffer.from(all)], 499_500)).toEqual({ bytes: 499_500, cut: false });
    expect(written()).toBe(all);
  });

  it('reads on to the end when the disk is full, and says why', async () => {
    expect(await captured(numbered, 1_000_000, '/dev/full')).toEqual({ bytes: 499_500, cut: true, error: 'ENOSPC' });
  });
});

describe('excerpt', () => {
  const path = join(folder, 'output');
  const asked: string[] = [];
  async function of(content: string | Buffer, characters: number) {
    writeFileSync(path, content);
    asked.length = 0;
    return excerpt(path, characters, async () => {
      asked.push('asked');
      return 'kept';
    });
  }

  it.each([
    ['nothing', ''],
    ['just as much as may be', 'x'.repeat(100)],
    ['many bytes for few characters', '研'.repeat(100)],
  ])('gives %s as it is', async (_, content) => {
    expect(await of(content, 100)).toEqual({ text: content, cut: false });
    expect(asked).toEqual([]);
  });

  it.each([
    [101, 1],
    [700, 600],
    [1_000_000, 999_900],
  ])('gives beginning and end of %i characters', async (length, left) => {
    const content = `${'a'.repeat(50)}${'-'.repeat(length - 100)}${'z'.repeat(50)}`;
    const text = `${'a'.repeat(50)}\n[… ${left} bytes left out; kept …]\n${'z'.repeat(50)}`;
    expect(await of(content, 100)).toEqual({ text, cut: true });
    expect(asked).toEqual(['asked']);
  });

  it.each(['研', '😀', 'é', 'a😀', '研a'])('never cuts a character of %s in two', async (character) => {
    for (const characters of [100, 101, 102, 103]) {
      const { text, cut } = await of(character.repeat(5000), characters);
      expect(cut).toBe(true);
      expect(text.isWellFormed()).toBe(true);
      expect(text).not.toContain('\uFFFD');
      expect(text.length).toBeLessThan(characters + 60);
    }
  });

  it('shows bytes that are not text, and takes a missing file for an empty output', async () => {
    expect((await of(Buffer.from([0x61, 0xff, 0x62]), 100)).text).toBe('a\uFFFDb');
    expect(await excerpt(join(folder, 'missing'), 100, async () => '')).toEqual({ text: '', cut: false });
  });
});
