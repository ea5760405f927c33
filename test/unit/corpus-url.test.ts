import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Corpus, openCorpus } from '../../activities/corpus/corpus.ts';
import { documentPath, documentUrl } from '../../activities/corpus/corpus-url.ts';

const SECRET = 'the-secret-outside';
let base: string;
let corpus: Corpus;

/** A folder with one document, beside a secret that links in the folder point to. */
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'corpus-url-'));
  const folder = join(base, 'folder');
  await mkdir(join(folder, 'sub'), { recursive: true });
  await mkdir(join(base, 'outside'));
  await writeFile(join(folder, 'sub', 'inside.md'), '# Inside\n\nwelcome');
  await writeFile(join(base, 'outside', 'secret.md'), SECRET);
  await writeFile(join(base, 'secret.md'), SECRET);
  await symlink(join(base, 'secret.md'), join(folder, 'link.md'));
  await symlink(join(base, 'outside'), join(folder, 'linked'));
  await symlink('../../outside/secret.md', join(folder, 'sub', 'relative.md'));
  corpus = await openCorpus(folder, { stateDir: join(base, 'state') });
  await corpus.refresh();
});

afterAll(async () => {
  corpus.close();
  await rm(base, { recursive: true });
});

describe('addresses', () => {
  test.each([
    ['docs/api/Client.md', 'docs/api/Client.md'],
    ['中文资料/港口.md', '中文资料/港口.md'],
    ['a b (1).md', 'a%20b%20%281%29.md'],
    ['100%.md', '100%25.md'],
    ['q?#[x].md', 'q%3F%23%5Bx%5D.md'],
    ['c:d.md', 'c%3Ad.md'],
  ])('%s is %s', (path, url) => {
    expect(documentUrl(path)).toBe(url);
    expect(documentPath(url)).toBe(path);
  });

  test.each([
    ['./docs//Client.md', 'docs/Client.md'],
    ['docs/Client.md#section', 'docs/Client.md'],
    ['  docs/Client.md ', 'docs/Client.md'],
    ['a b (1).md', 'a b (1).md'],
    ['100% sure.md', '100% sure.md'],
  ])('%j is understood as %s', (url, path) => {
    expect(documentPath(url)).toBe(path);
  });

  test('any name comes back from its address, and fits into a Markdown link', () => {
    const segment = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .filter((name) => !/[/\\\0]|^\.\.?$|^~/.test(name) && name.isWellFormed());
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), (segments) => {
        const path = segments.join('/');
        const url = documentUrl(path);
        expect(url).not.toMatch(/[\s()<>[\]#?]/);
        // What looks like a drive is refused in any form.
        if (!/^[a-z]:\//i.test(path)) expect(documentPath(url)).toBe(path);
      }),
    );
  });
});

const REFUSED = [
  '../secret.md',
  '..',
  'sub/../../secret.md',
  'sub/../sub/inside.md',
  '%2e%2e/secret.md',
  '%2E%2E%2Fsecret.md',
  '..%2fsecret.md',
  '..\\secret.md',
  'sub\\..\\..\\secret.md',
  '..%5csecret.md',
  '/etc/passwd',
  '//etc/passwd',
  '%2Fetc%2Fpasswd',
  '~/.ssh/id_ed25519',
  'C:\\Windows\\win.ini',
  'c:/Windows/win.ini',
  '\\\\host\\share\\x',
  'file:///etc/passwd',
  'FILE:/etc/passwd',
  'ftp://host/x',
  'data:text/plain,x',
  'inside.md\0.png',
  'sub/inside.md%00',
  './../secret.md',
  '',
  '   ',
  '#x',
];

describe('hostile addresses', () => {
  test.each(REFUSED)('%j is refused with a sentence', (url) => {
    for (const use of [corpus.read, corpus.whyUnread, corpus.closest]) {
      expect(() => use(url)).toThrow(expect.objectContaining({ name: 'ToolError' }));
    }
  });

  test.each([
    'link.md',
    'linked/secret.md',
    'sub/relative.md',
    '%252e%252e/secret.md',
    'sub/inside.md/../secret',
    '．．/secret.md',
    'x'.repeat(10_000),
  ])('%.40s leads nowhere', (url) => {
    let document: unknown;
    try {
      document = corpus.read(url);
    } catch (error) {
      expect((error as Error).name).toBe('ToolError');
    }
    expect(document).toBeUndefined();
  });

  test('no address brings up anything but the one document', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '..',
        '.',
        '/',
        '\\',
        '%2e',
        '%2f',
        '%5c',
        '%00',
        '\0',
        '~',
        ':',
        'file:',
        'secret.md',
        'link.md',
      ),
      fc.constantFrom('sub', 'inside.md', 'linked', 'outside', 'folder', base, '//', '%25', '#', '?', '%'),
      fc.string({ maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        try {
          const document = corpus.read(pieces.join(''));
          if (document) expect(document.url).toBe('sub/inside.md');
        } catch (error) {
          expect((error as Error).name).toBe('ToolError');
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('a search does not see behind links', () => {
    expect(corpus.search(SECRET)).toEqual([]);
    expect(corpus.search('welcome').map(({ url }) => url)).toEqual(['sub/inside.md']);
  });
});
