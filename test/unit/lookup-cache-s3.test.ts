import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openCache } from '../../activities/cache/index.ts';
import { Secret } from '../../activities/secret.ts';
import type { S3Settings } from '../../store/bucket.ts';
import { parsePlace } from '../../store/place.ts';
import { s3Store } from '../../store/s3-store.ts';
import { readConfiguration } from '../../worker/configuration/index.ts';
import { type S3Server, startS3Server } from '../support/s3-server.ts';

const KEY = { id: 'AKIDEXAMPLE', secret: 'secret/key+0123', bucket: 'research' };

let server: S3Server;
beforeEach(async () => {
  server = await startS3Server(KEY);
});
afterEach(() => server.close());

const settings = (more: Partial<S3Settings> = {}): S3Settings => ({
  bucket: KEY.bucket,
  prefix: 'some/prefix',
  region: 'eu-central-1',
  endpoint: server.url,
  accessKeyId: KEY.id,
  secretAccessKey: new Secret(KEY.secret),
  ...more,
});

test('what one worker keeps in the bucket, another finds', async () => {
  const problems: string[] = [];
  const open = () =>
    openCache({ on: true, s3: settings(), maxAgeHours: 1, keepDays: 1 }, '/nowhere', {
      onProblem: (problem) => problems.push(problem),
    });
  const [one, other] = [open(), open()];
  await one.put('query lamps', ['灯']);
  const hash = await one.putPage(new TextEncoder().encode('A page.'));
  expect(await other.get('query lamps')).toMatchObject({ value: ['灯'] });
  expect(new TextDecoder().decode(await other.getPage(hash))).toBe('A page.');
  expect(await other.get('query tides')).toBeUndefined();
  expect([...server.objects.keys()]).toEqual([
    expect.stringMatching(/^\/research\/some\/prefix\/answers\/[0-9a-f]{64}$/),
    `/research/some/prefix/pages/${hash}`,
  ]);
  expect(problems).toEqual([]);
  one.close();
  other.close();
});

describe('a bucket that cannot be used says why, without the key', () => {
  test.each<[string, Partial<S3Settings>, string]>([
    ['a wrong secret', { secretAccessKey: new Secret('wrong') }, 'the bucket research answered with status 403'],
    ['a bucket that there is not', { bucket: 'other' }, 'there is no bucket other'],
  ])('%s', async (_, more, message) => {
    await expect(s3Store(settings(more)).write(`answers/${'0'.repeat(64)}`, new Uint8Array(3))).rejects.toThrow(
      message,
    );
  });

  test('a server that is out of order', async () => {
    server.fail = 503;
    await expect(s3Store(settings()).read(`answers/${'0'.repeat(64)}`)).rejects.toThrow(
      'the bucket research answered with status 503',
    );
  });
});

describe('the configuration', () => {
  const read = (env: NodeJS.ProcessEnv) =>
    readConfiguration({ LLM_SERVER_BASE_ENDPOINT_URL: 'http://gpu:8000', LLM_SERVER_MODEL_NAME: 'm', ...env }).cache;
  const keys = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'never-shown' };

  test('names a bucket', () => {
    const { s3 } = read({ DEEP_RESEARCH_CACHE_DIR: 's3://research/a/b/', AWS_REGION: 'eu-central-1', ...keys });
    expect(s3).toMatchObject({ bucket: 'research', prefix: 'a/b', region: 'eu-central-1', accessKeyId: 'AKID' });
    expect(JSON.stringify(s3)).not.toContain('never-shown');
    expect(parsePlace('s3://research')).toEqual({ bucket: 'research', prefix: '' });
  });

  test.each<[NodeJS.ProcessEnv, string]>([
    [{ DEEP_RESEARCH_CACHE_DIR: 's3://', ...keys }, 'expected an address like s3://bucket/prefix, got "s3://"'],
    [{ DEEP_RESEARCH_CACHE_DIR: 's3://research' }, 'the bucket needs AWS_ACCESS_KEY_ID; it is not set'],
    [
      { DEEP_RESEARCH_CACHE_DIR: 's3://research', AWS_ENDPOINT_URL: 'minio:9000', ...keys },
      'AWS_ENDPOINT_URL: expected an http or https URL, got "minio:9000"',
    ],
  ])('%o is refused', (env, message) => {
    expect(() => read(env)).toThrow(message);
  });
});
