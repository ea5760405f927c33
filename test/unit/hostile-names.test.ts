import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stageFiles } from '../../activities/session/stage-files.ts';
import { type Kept, openKept } from '../../activities/workspace/keep.ts';
import { restoreSnapshot } from '../../activities/workspace/snapshot/restore.ts';
import { takeSnapshot } from '../../activities/workspace/snapshot/take.ts';
import { SessionArtifact } from '../../client/index.ts';

const NAMES = [
  '/etc/passwd',
  '//etc/passwd',
  '../outside.txt',
  '../../outside.txt',
  'a/../../outside.txt',
  './../outside.txt',
  '..',
  '.',
  '...',
  '/',
  '../',
  '..\\outside.txt',
  'C:\\outside.txt',
  'C:outside.txt',
  '\\\\host\\share\\outside.txt',
  'a\0.txt',
  '\0',
  '../outside\0.txt',
  '\ud800.txt',
  '\u202egpj.exe',
  '\uff0e\uff0e\u2215outside.txt',
  'u\u0308\u0308.txt',
  'x'.repeat(300),
  `${'y/'.repeat(3000)}z`,
  'line\nend.txt',
  ' ',
  '~/.ssh/authorized_keys',
  '$(touch outside.txt)',
  '-rf',
  '%2e%2e%2foutside.txt',
  'con',
  '__proto__',
];

let root = '';
let workspace = '';
let kept: Kept;
let given: { sha256: string; bytes: number };

beforeEach(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'hostile-')));
  workspace = join(root, 'deep', 'workspace');
  mkdirSync(workspace, { recursive: true });
  kept = openKept(join(root, 'state'));
  given = await kept.blobs.put(new TextEncoder().encode('content'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Everything beside the workspace and the store. */
const outside = (...inside: string[]) =>
  readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (path) => !['state', ...inside].some((folder) => path === folder || path.startsWith(folder + sep)),
  );

test.each(NAMES)('a given file named %j stays in the workspace, or is refused with a sentence', async (name) => {
  const options = { stateDir: join(root, 'state'), kept, signal: new AbortController().signal };
  const before = outside(join('deep', 'workspace'));
  const error = await stageFiles([{ name, ...given }], workspace, options).then(
    () => undefined,
    (cause: Error) => cause,
  );
  expect(outside(join('deep', 'workspace'))).toEqual(before);
  if (error) expect(error.message).toMatch(/^Invalid input: files: ".*" cannot be used: .+\.$/s);
  else expect(readdirSync(workspace)).toHaveLength(1);
});

test.each(NAMES)('an artifact named %j is saved in the folder, or refused', async (name) => {
  const source = { client: {} as never, taskQueue: 'q', store: kept.blobs };
  const artifact = new SessionArtifact({ name, ...given, type: 'text/plain' }, source);
  const before = outside('deep');
  const path = await artifact.saveTo(join(root, 'deep', 'out')).catch(() => undefined);
  expect(outside('deep')).toEqual(before);
  expect(readdirSync(join(root, 'deep')).filter((entry) => !['out', 'workspace'].includes(entry))).toEqual([]);
  if (path !== undefined) expect(path.startsWith(join(root, 'deep', 'out') + sep)).toBe(true);
});

test('what an archive unpacks to leaves the workspace neither in a snapshot nor when it is restored', async () => {
  writeFileSync(join(root, 'secret.txt'), 'secret');
  const make = `
import io, tarfile, zipfile, stat
def member(name, kind=tarfile.REGTYPE, link=''):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, 4 if kind == tarfile.REGTYPE else 0
    return info
with tarfile.open('evil.tar', 'w') as tar:
    tar.addfile(member('link', tarfile.SYMTYPE, '../../'))
    tar.addfile(member('link/through.txt'), io.BytesIO(b'evil'))
    tar.addfile(member('passwd', tarfile.SYMTYPE, '/etc/passwd'))
    tar.addfile(member('hard', tarfile.LNKTYPE, '../../secret.txt'))
    tar.addfile(member('../../up.txt'), io.BytesIO(b'evil'))
    tar.addfile(member('good.txt'), io.BytesIO(b'good'))
with zipfile.ZipFile('evil.zip', 'w') as archive:
    archive.writestr('../../zipped.txt', 'evil')
    link = zipfile.ZipInfo('zip-link'); link.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(link, '../../secret.txt')
`;
  execFileSync('python3', ['-c', make], { cwd: workspace });
  // As a command of the model might, by programs that do as they are told.
  execFileSync(
    'bash',
    [
      '-c',
      'tar -xf evil.tar 2>/dev/null; python3 -m zipfile -e evil.zip . ; rm -f zip-link; ln -s ../../secret.txt zip-link; true',
    ],
    {
      cwd: workspace,
      stdio: 'ignore',
    },
  );
  const { index, leftOut } = await takeSnapshot(workspace, kept, undefined);
  expect(leftOut.map(([path]) => path)).toEqual(expect.arrayContaining(['passwd']));
  const target = join(root, 'restored', 'workspace');
  await restoreSnapshot(target, index.at, kept, kept.scratch);
  expect(existsSync(join(target, 'good.txt'))).toBe(true);
  const text = readdirSync(target, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
  expect(text).not.toContain('secret\n');
  expect(text).not.toContain('root:');
  expect(readdirSync(join(root, 'restored'))).toEqual(['workspace']);
  expect(readFileSync(join(root, 'secret.txt'), 'utf8')).toBe('secret');
});
