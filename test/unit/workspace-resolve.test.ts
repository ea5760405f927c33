import { execFileSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ToolError } from '../../activities/tools/tool.ts';
import { resolveInWorkspace } from '../../activities/workspace/resolve.ts';

let root: string;
let workspace: string;

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'workspace-')));
  workspace = join(root, 'session');
  mkdirSync(join(workspace, 'data', 'deep'), { recursive: true });
  mkdirSync(join(root, 'session-other'));
  writeFileSync(join(root, 'secret.txt'), 'secret');
  writeFileSync(join(root, 'session-other', 'secret.txt'), 'secret');
  writeFileSync(join(workspace, 'a.txt'), 'inside');
  writeFileSync(join(workspace, 'data', 'b c.txt'), 'inside');
  const links = {
    'to-file': join(root, 'secret.txt'),
    'to-folder': root,
    'to-root': '/',
    'to-parent': '..',
    'to-sibling': '../session-other',
    'to-nowhere': join(root, 'not-there'),
    'to-self': 'to-self',
    'chain-1': 'chain-2',
    'chain-2': 'to-folder',
    'data/up-and-out': '../../secret.txt',
    'to-proc': '/proc/self/root',
    'to-null': '/dev/null',
    'out-and-back': `../session/a.txt`,
    'to-data': 'data',
    'to-a': 'a.txt',
  };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(workspace, name));
  linkSync(join(workspace, 'a.txt'), join(workspace, 'hard.txt'));
  execFileSync('mkfifo', [join(workspace, 'pipe')]);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const HOSTILE: [string, string, RegExp][] = [
  ['absolute', '/etc/passwd', /absolute/],
  ['the root', '/', /absolute/],
  ['two slashes', '//etc/passwd', /absolute/],
  ['a drive', 'C:\\Windows\\win.ini', /absolute/],
  ['a drive without a slash', 'c:secret.txt', /absolute/],
  ['a network share', '\\\\server\\share\\x', /absolute/],
  ['a backslash root', '\\etc\\passwd', /absolute/],
  ['the parent', '..', /"\.\."/],
  ['above', '../secret.txt', /"\.\."/],
  ['above and back', '../session/a.txt', /"\.\."/],
  ['far above', `${'../'.repeat(40)}etc/passwd`, /"\.\."/],
  ['above in the middle', 'data/../../secret.txt', /"\.\."/],
  ['above at the end', 'data/..', /"\.\."/],
  ['above with dots and slashes', './/.//..//secret.txt', /"\.\."/],
  ['above by backslash', '..\\secret.txt', /"\.\."/],
  ['above by both slashes', 'data\\..\\../secret.txt', /"\.\."/],
  ['below a missing folder', 'missing/../../secret.txt', /"\.\."/],
  ['NUL at the end', 'a.txt\0', /NUL/],
  ['NUL before an ending', '../secret.txt\0.png', /NUL/],
  ['half a surrogate pair', 'a\uD800.txt', /Unicode/],
  ['a long name', 'x'.repeat(256), /too long/],
  ['a long Chinese name', '研'.repeat(86), /too long/],
  ['a long path', 'x/'.repeat(2100), /too long/],
  ['nothing', '', /empty/],
  ['a link to a file', 'to-file', /out of the workspace/],
  ['a link to a folder', 'to-folder/secret.txt', /out of the workspace/],
  ['a new file through a link', 'to-folder/new.txt', /out of the workspace/],
  ['a new folder through a link', 'to-folder/new/deep/file', /out of the workspace/],
  ['a link to the root', 'to-root/etc/passwd', /out of the workspace/],
  ['a relative link', 'to-parent/secret.txt', /out of the workspace/],
  ['a sibling whose name begins the same', 'to-sibling/secret.txt', /out of the workspace/],
  ['a chain of links', 'chain-1/secret.txt', /out of the workspace/],
  ['a link below a link', 'to-data/up-and-out', /out of the workspace/],
  ['a magic link', 'to-proc/etc/passwd', /out of the workspace/],
  ['a link to a device', 'to-null', /out of the workspace/],
  ['a link to nowhere', 'to-nowhere', /leads nowhere/],
  ['a link to itself', 'to-self/x', /leads nowhere/],
  ['a pipe', 'pipe', /neither a file nor a folder/],
  ['a file as a folder', 'a.txt/x', /not a folder/],
];

describe('resolveInWorkspace', () => {
  it.each(HOSTILE)('refuses %s', async (_, path, why) => {
    const refused = await resolveInWorkspace(workspace, path).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ToolError);
    const { message } = refused as ToolError;
    expect(message).toMatch(why);
    expect(message).toMatch(/\.$/);
    expect(message).toContain(JSON.stringify(path.slice(0, 120)).slice(1, -1));
    expect(message).not.toContain(root);
    expect(message.length).toBeLessThan(600);
  });

  // Names that look like a way out to a program that decodes or normalises, and are names like any other here.
  it.each([
    'a.txt',
    'data/b c.txt',
    './data//deep/',
    '.',
    'new/folder/file.txt',
    '%2e%2e/secret.txt',
    '..%2fsecret.txt',
    '．．/secret.txt',
    '․․/secret.txt',
    '..\u200b/secret.txt',
    'a∕..∕..∕secret.txt',
    '\u202etxt.exe',
    '...',
    '..a/x',
    '~/secret.txt',
    '$HOME/x',
    'file:/x',
    '-rf',
    '研究/报告.md',
    'hard.txt',
    'x'.repeat(255),
  ])('keeps %j inside', async (path) => {
    const resolved = await resolveInWorkspace(workspace, path);
    expect(`${resolved}${sep}`.startsWith(`${workspace}${sep}`)).toBe(true);
    expect(resolved.split(sep)).not.toContain('..');
  });

  it('follows links that stay inside, so that none is left in the result', async () => {
    expect(await resolveInWorkspace(workspace, 'to-data/b c.txt')).toBe(join(workspace, 'data', 'b c.txt'));
    expect(await resolveInWorkspace(workspace, 'to-a')).toBe(join(workspace, 'a.txt'));
    expect(await resolveInWorkspace(workspace, 'out-and-back')).toBe(join(workspace, 'a.txt'));
    expect(await resolveInWorkspace(workspace, 'to-data/new/file')).toBe(join(workspace, 'data', 'new', 'file'));
  });

  it('works in a workspace that is reached through a link', async () => {
    const alias = join(root, 'alias');
    symlinkSync(workspace, alias);
    expect(await resolveInWorkspace(alias, 'to-data/b c.txt')).toBe(join(alias, 'data', 'b c.txt'));
    await expect(resolveInWorkspace(alias, 'to-folder/secret.txt')).rejects.toThrow('out of the workspace');
  });

  it('never gives a path that leads to the secret, whatever the name is made of', async () => {
    const piece = fc.constantFrom(
      ...['..', '.', '', 'data', 'deep', 'to-data', 'to-folder', 'to-parent', 'to-root', 'chain-1', 'to-sibling'],
      ...['secret.txt', 'to-file', 'out-and-back', 'session', root.slice(1), 'a.txt', '..\\', '\0', '．．'],
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 7 }), async (pieces) => {
        const resolved = await resolveInWorkspace(workspace, pieces.join('/')).catch((error: unknown) => {
          expect(error).toBeInstanceOf(ToolError);
          return undefined;
        });
        if (resolved === undefined) return;
        expect(`${resolved}${sep}`.startsWith(`${workspace}${sep}`)).toBe(true);
        expect(contentOf(resolved)).not.toBe('secret');
      }),
      { numRuns: 500 },
    );
  });
});

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
