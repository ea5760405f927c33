import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { DeepResearchClient, InvalidInput, sharedStore } from '../../client/index.ts';
import { PIECE_BYTES } from '../../protocol/files.ts';
import { WORKFLOW } from '../../protocol/names.ts';
import { sha256Of } from '../../store/blobs.ts';
import { listen } from '../support/listen.ts';
import { startS3Server } from '../support/s3-server.ts';
import { eventually, openSessions, played, type Sessions, START_LIMIT_MS, statusOf } from '../support/sessions.ts';

let sessions: Sessions;
let here = '';
let web: Awaited<ReturnType<typeof listen>>;
/** Shares no disk with the worker: it has neither its state folder nor a store. */
let client: DeepResearchClient;

beforeAll(async () => {
  sessions = await openSessions();
  here = mkdtempSync(join(tmpdir(), 'client-'));
  mkdirSync(join(here, 'of-the-worker'));
  writeFileSync(join(here, 'of-the-worker', 'given.txt'), 'of the worker');
  web = await listen(createServer((_, response) => response.end('from the web')));
  client = new DeepResearchClient({ client: sessions.client, taskQueue: sessions.taskQueue, store: undefined });
  await sessions.work({
    DEEP_RESEARCH_FILES_DIR: join(here, 'of-the-worker'),
    DEEP_RESEARCH_ALLOW_PRIVATE: '127.0.0.1',
  });
}, START_LIMIT_MS);

afterAll(async () => {
  await sessions?.close();
  await web?.close();
  rmSync(here, { recursive: true, force: true });
});

const bash = (command: string) => ({ name: 'bash', arguments: { command } });
const file = (name: string, content: string | Buffer) => {
  writeFileSync(join(here, name), content);
  return join(here, name);
};
const id = () => `files-${randomUUID()}`;
const left = (folder: string) => {
  const path = join(sessions.stateDir, folder);
  return existsSync(path) ? readdirSync(path) : [];
};

test('files go to the session and come back in pieces, without a shared disk; what was sent is not sent again', async () => {
  const content = randomBytes(2 * PIECE_BYTES + 1000);
  const large = file('large.bin', content);
  const empty = file('empty.txt', '');
  const script = [bash('cp large.bin copy.bin; wc -c < empty.txt > count.txt; mkdir -p a; echo done > "a/名前.txt"')];
  const progress: number[] = [];
  const input = played({ script }, { tools: ['bash'], files: [large, empty] });
  const session = await client.start(input, { id: id(), onUpload: ({ sent }) => progress.push(sent) });
  const { artifacts } = await session.result();
  expect(artifacts.map(({ name, type }) => [name, type])).toEqual([
    ['copy.bin', 'application/octet-stream'],
    ['count.txt', 'text/plain'],
    ['a/名前.txt', 'text/plain'],
  ]);
  expect(Math.max(...progress)).toBe(content.length);

  const [copy, count, name] = await session.artifacts();
  expect(copy).toMatchObject({ bytes: content.length, sha256: sha256Of(content) });
  const path = await copy?.saveTo(join(here, 'out'));
  expect(readFileSync(path as string).equals(content)).toBe(true);
  expect(await text((await count?.stream()) as NodeJS.ReadableStream)).toBe('0\n');
  expect(await name?.saveTo(join(here, 'out'))).toBe(join(here, 'out', 'a', '名前.txt'));
  expect(await session.report()).toContain('- copy.bin (application/octet-stream');

  // Of the same content nothing is sent: its pieces are there.
  const starts = vi.spyOn(sessions.client.workflow, 'start');
  const again = await client.start(played({ script: [] }, { tools: ['bash'], files: [large] }), { id: id() });
  expect(starts.mock.calls.map(([type]) => type)).toEqual([WORKFLOW.session]);
  starts.mockRestore();
  expect((await again.result()).artifacts).toEqual([]);
});

test('files come from an address, and from the folder of the worker', async () => {
  const script = [bash('cat data.txt given.txt other.txt > all.txt')];
  const files = [`${web.url}/some/data.txt?x=1`, { path: 'given.txt' }, { url: web.url, name: 'other.txt' }];
  const session = await client.start(played({ script }, { tools: ['bash'], files }), { id: id() });
  const { artifacts } = await session.result();
  expect(artifacts).toMatchObject([{ name: 'all.txt', sha256: sha256Of('from the webof the workerfrom the web') }]);
});

test('a fork begins with the files as they were after its round', async () => {
  const script = [bash('echo 1 > a.txt'), bash('cat a.txt > seen.txt; echo 2 > a.txt')];
  const session = await client.start(played({ script }, { tools: ['bash'] }), { id: id() });
  const { artifacts } = await session.result();
  expect(artifacts).toMatchObject([
    { name: 'a.txt', sha256: sha256Of('2\n') },
    { name: 'seen.txt', sha256: sha256Of('1\n') },
  ]);
  // It plays the second command again, on the files of the first.
  const fork = await client.fork({ fork: { session: session.id, round: 1 }, steer: 'Again.' }, { id: id() });
  expect((await fork.result()).artifacts).toEqual(artifacts);
});

describe('a file that cannot be used is named in a sentence', () => {
  test('before anything is sent, where the client sees it', async () => {
    const ask = (path: string) => client.start({ question: 'Why?', files: [path] });
    await expect(ask(join(here, 'missing.csv'))).rejects.toThrow(/files: \S+missing\.csv: there is no such file here/);
    await expect(ask(here)).rejects.toThrow(InvalidInput);
  });

  test.each<[string, NonNullable<Parameters<typeof played>[1]>['files'], RegExp]>([
    [
      'never sent',
      [{ name: 'a.bin', sha256: '0'.repeat(64), bytes: 5 }],
      /"a\.bin" cannot be used: it is neither in the store/,
    ],
    [
      'too large',
      [{ name: 'a.bin', sha256: '0'.repeat(64), bytes: 2 ** 40 }],
      /"a\.bin" cannot be used: it has \d+ bytes; the limit is/,
    ],
    [
      'twice the same name',
      [{ path: 'given.txt' }, { path: './given.txt' }],
      /"given\.txt" cannot be used: another file has the same name/,
    ],
    ['outside of the folder', [{ path: '../x' }], /"x" cannot be used: The path "\.\.\/x" contains "\.\."/],
    ['a private address', ['http://10.0.0.1/a.txt'], /"a\.txt" cannot be used: .*10\.0\.0\.1/],
  ])('%s', async (_, files, message) => {
    const session = await client.start({ question: 'Why?', files }, { id: id() });
    await expect(session.result()).rejects.toThrow(message);
  });
});

test('nothing of a session is left on the host after its end, however it ends', async () => {
  expect(left('workspaces')).toEqual([]);
  const count = 0;
  const slow = played({ script: [bash('echo 1 > a.txt'), bash('sleep 600')] }, { tools: ['bash'] });
  const running = async () => {
    const session = await sessions.start(slow);
    await eventually('a command runs', async () => (await statusOf(session)).calls[0]?.id === 'r2c1');
    return session;
  };
  const cancelled = await running();
  await cancelled.cancel();
  await expect(cancelled.result()).rejects.toThrow();
  expect(left('workspaces')).toHaveLength(count);
  expect(left('calls')).toHaveLength(count);
  expect(left('owners')).toHaveLength(count);

  const [open, terminated] = [await running(), await running()];
  await terminated.terminate();
  expect(left('workspaces')).toHaveLength(count + 2);
  // The sweep at the start of a worker; this one also runs beside the first.
  const second = await sessions.work();
  await eventually('the sweep has removed it', () => left('workspaces').length === count + 1);
  expect(left('workspaces')[0]).toContain(open.workflowId.slice(0, 20));
  expect(left('snapshots')).toHaveLength(count + 1);
  expect((await statusOf(open)).calls[0]?.id).toBe('r2c1');
  await open.cancel();
  await expect(open.result()).rejects.toThrow();
  expect(left('workspaces')).toHaveLength(count);
  await second.stop();
});

test('through a bucket that client and worker share, nothing goes through Temporal', async () => {
  const key = { id: 'AKID', secret: 'never/shown', bucket: 'research' };
  const bucket = await startS3Server(key);
  const env = {
    DEEP_RESEARCH_STORE_DIR: 's3://research/sessions',
    AWS_ACCESS_KEY_ID: key.id,
    AWS_SECRET_ACCESS_KEY: key.secret,
    AWS_ENDPOINT_URL: bucket.url,
  };
  const taskQueue = `bucket-${randomUUID()}`;
  const worker = await sessions.work({
    ...env,
    TEMPORAL_TASK_QUEUE: taskQueue,
    DEEP_RESEARCH_STATE_DIR: mkdtempSync(join(here, 'state-')),
  });
  const sharing = new DeepResearchClient({ client: sessions.client, taskQueue, store: sharedStore(env) });
  const content = randomBytes(5 * 2 ** 20);
  const script = [bash('cp large.bin copy.bin; echo more >> copy.bin')];
  const input = played({ script }, { tools: ['bash'], files: [file('large.bin', content)] });
  const session = await sharing.start(input, { id: id() });
  const { artifacts } = await session.result();
  expect(artifacts).toMatchObject([{ name: 'copy.bin', bytes: content.length + 5 }]);
  await worker.stop();
  // The worker is gone: the bucket has it.
  const [copy] = await session.artifacts();
  const path = (await copy?.saveTo(join(here, 'bucket'))) as string;
  expect(readFileSync(path).equals(Buffer.concat([content, Buffer.from('more\n')]))).toBe(true);
  expect(JSON.stringify((await sessions.client.workflow.getHandle(session.id).fetchHistory()).events)).not.toContain(
    key.secret,
  );
  await bucket.close();
});
