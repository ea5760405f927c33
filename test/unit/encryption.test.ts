import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common';
import { afterAll, describe, expect, test } from 'vitest';
import { encryptionCodec } from '../../converter/encryption/codec.ts';
import { encryptionKeysFrom } from '../../converter/encryption/keys.ts';
import { failureConverter as encoded } from '../../converter/failures/encoded.ts';
import { failureConverter as plain } from '../../converter/failures/plain.ts';
import { shortStack } from '../../converter/failures/short-stack.ts';
import { hide } from '../../protocol/redact.ts';

const folder = mkdtempSync(join(tmpdir(), 'deep-research-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const KEY = Buffer.alloc(32, 7).toString('base64');
const OTHER = Buffer.alloc(32, 8).toString('hex');
const keys = (list: string) => encryptionKeysFrom({ DEEP_RESEARCH_ENCRYPTION_KEYS: list });
const payload = (value: unknown) => defaultPayloadConverter.toPayload(value)!;
const opened = (one: ReturnType<typeof payload> | undefined) => defaultPayloadConverter.fromPayload(one!);
const idOf = (one: ReturnType<typeof payload> | undefined) =>
  Buffer.from(one?.metadata?.['encryption-key-id'] ?? []).toString();

describe('keys', () => {
  test('are read from a list or a file; the first encrypts', () => {
    expect(keys(`2026-11:${KEY}, old:${OTHER}`)).toMatchObject({ first: '2026-11' });
    const file = join(folder, 'keys');
    writeFileSync(file, `# newest first\n\nb:${OTHER}\r\na:${KEY}\n`);
    const read = encryptionKeysFrom({ DEEP_RESEARCH_ENCRYPTION_KEYS_FILE: file });
    expect([read?.first, [...(read?.byId.keys() ?? [])]]).toEqual(['b', ['b', 'a']]);
    expect(encryptionKeysFrom({})).toBeUndefined();
  });

  test.each([
    ['short:AAAA', 'key 1: expected 32 bytes as base64 or hex for "short"'],
    [`a:${KEY},a:${OTHER}`, 'key 2: the id "a" is there twice'],
    [KEY, 'key 1: expected id:key'],
    [`a b:${KEY}`, 'key 1: expected id:key'],
    [',', 'expected at least one key, got none'],
  ])('%s is refused, and no key is shown', (list, message) => {
    expect(() => keys(list)).toThrow(message);
    expect(() => keys(list)).toThrow(/^DEEP_RESEARCH_ENCRYPTION_KEYS\b/);
    expect(() => keys(list)).not.toThrow(KEY);
  });

  test('a file that is not there is named', () => {
    const file = join(folder, 'none');
    expect(() => encryptionKeysFrom({ DEEP_RESEARCH_ENCRYPTION_KEYS_FILE: file })).toThrow(
      `DEEP_RESEARCH_ENCRYPTION_KEYS_FILE: the file "${file}" cannot be read (ENOENT).`,
    );
  });
});

describe('the codec', () => {
  const values = ['tides', { deep: ['图', 1, null] }, new Uint8Array([0, 255]), undefined, ''];

  test('gives back what it was given, whatever kind it is, and never the same twice', async () => {
    const codec = encryptionCodec(keys(`a:${KEY}`));
    const [first, second] = [await codec.encode(values.map(payload)), await codec.encode(values.map(payload))];
    expect((await codec.decode(first)).map(opened)).toEqual(values);
    expect(first.map(({ data }) => data)).not.toEqual(second.map(({ data }) => data));
    expect(Buffer.from(first[0]?.data ?? []).includes('tides')).toBe(false);
  });

  test('after a rotation new payloads have the new key and old ones are still read', async () => {
    const old = await encryptionCodec(keys(`a:${KEY}`)).encode([payload('before')]);
    const rotated = encryptionCodec(keys(`b:${OTHER},a:${KEY}`));
    const now = await rotated.encode([payload('after')]);
    expect([idOf(old[0]), idOf(now[0])]).toEqual(['a', 'b']);
    expect((await rotated.decode([...old, ...now])).map(opened)).toEqual(['before', 'after']);
  });

  test('what is not encrypted is read as it is, and without keys nothing is encrypted', async () => {
    const given = [payload('open')];
    expect(await encryptionCodec(keys(`a:${KEY}`)).decode(given)).toEqual(given);
    expect(await encryptionCodec(undefined).encode(given)).toEqual(given);
  });

  test('a key that is not there is named, with those that are', async () => {
    const sealed = await encryptionCodec(keys(`2025:${KEY}`)).encode([payload('x')]);
    const said = 'A payload is encrypted with the key "2025", which this process has not';
    await expect(encryptionCodec(undefined).decode(sealed)).rejects.toThrow(`${said} (it has none)`);
    await expect(encryptionCodec(keys(`b:${OTHER},c:${KEY}`)).decode(sealed)).rejects.toThrow(`${said} (it has b, c)`);
  });

  test('another key under the same id, and a changed payload, are told', async () => {
    const codec = encryptionCodec(keys(`a:${KEY}`));
    const [sealed] = await codec.encode([payload('x')]);
    await expect(encryptionCodec(keys(`a:${OTHER}`)).decode([sealed!])).rejects.toThrow('cannot be decrypted');
    const data = Buffer.from(sealed?.data ?? []);
    data[15] = (data[15] ?? 0) ^ 1;
    await expect(codec.decode([{ ...sealed, data }])).rejects.toThrow('cannot be decrypted');
    await expect(codec.decode([{ ...sealed, data: new Uint8Array(3) }])).rejects.toThrow('cannot be decrypted');
  });
});

describe('failures', () => {
  const error = () => {
    hide('sk-in-a-failure');
    return ApplicationFailure.retryable('refused sk-in-a-failure at https://u:p@h.test/', 'X', { cause: 1 });
  };

  test('stand in a history without secrets and without the places of files', () => {
    const failure = plain.errorToFailure(error(), defaultPayloadConverter);
    expect(failure.message).toBe('refused [secret] at https://…@h.test/');
    expect(failure.stackTrace).not.toContain(process.cwd());
    expect(plain.failureToError(failure, defaultPayloadConverter).message).toBe(failure.message);
  });

  test('are encoded where payloads are encrypted, causes too', () => {
    const outer = new Error('outer words', { cause: new Error('inner words') });
    const failure = encoded.errorToFailure(outer, defaultPayloadConverter);
    expect(JSON.stringify([failure.message, failure.cause?.message, failure.stackTrace])).not.toContain('words');
    const back = encoded.failureToError(failure, defaultPayloadConverter);
    expect([back.message, (back.cause as Error).message]).toEqual(['outer words', 'inner words']);
  });

  test.each([
    ['    at run (/home/ann/app/worker/run.ts:3:4)', '    at run (worker/run.ts:3:4)'],
    ['    at async file:///srv/x/activities/tools/visit.ts:1:2', '    at async activities/tools/visit.ts:1:2'],
    ['    at f (/srv/x/node_modules/undici/lib/a.js:1:2)', '    at f (node_modules/undici/lib/a.js:1:2)'],
    ['    at own (/home/ann/mine.ts:1:2)', '    at own (mine.ts:1:2)'],
    ['    at own (C:\\Users\\ann\\mine.js:1:2)', '    at own (mine.js:1:2)'],
    ['    at process.processTicks (node:internal/process/task_queues:1:2)', undefined],
    ['Error: /etc/hosts is not a place of ours', undefined],
  ])('%s', (frame, short) => {
    expect(shortStack(frame)).toBe(short ?? frame);
  });
});
