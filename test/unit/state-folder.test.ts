import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createStateFolder, stateFolder, stateFolderAt } from '../../local/state-folder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'state-folder-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the place of the state folder', () => {
  it.each([
    ['not set', {}, '/home/me/.deep-research'],
    ['empty', { DEEP_RESEARCH_STATE_DIR: '' }, '/home/me/.deep-research'],
    ['relative', { DEEP_RESEARCH_STATE_DIR: '../state' }, '/home/state'],
    ['absolute', { DEEP_RESEARCH_STATE_DIR: '/var/lib/research' }, '/var/lib/research'],
  ])('with the variable %s', (_, env, root) => {
    expect(stateFolder(env, '/home/me').root).toBe(root);
  });

  it('holds all paths', () => {
    const { root, ...paths } = stateFolderAt('/var/lib/research');
    for (const file of Object.values(paths)) expect(path.dirname(file)).toBe(root);
  });
});

describe('creating the state folder', () => {
  it('makes it private, explained and invisible to git', () => {
    const state = createStateFolder(stateFolder({ DEEP_RESEARCH_STATE_DIR: 'a/b' }, folder));
    expect(statSync(state.root).mode & 0o777).toBe(0o700);
    expect(readFileSync(path.join(state.root, '.gitignore'), 'utf8')).toBe('*\n');
    const readme = readFileSync(path.join(state.root, 'README.txt'), 'utf8');
    expect(readme.trimEnd().split('\n')).toHaveLength(2);
    expect(readme).toContain('Deleting this folder forgets all sessions');
    expect(existsSync(state.temporalUsers)).toBe(true);
  });

  it('is done once: what is there stays', () => {
    const state = createStateFolder(stateFolder({}, folder));
    writeFileSync(state.temporalDb, 'sessions');
    writeFileSync(path.join(state.root, 'README.txt'), 'a note');
    createStateFolder(state);
    expect(readFileSync(state.temporalDb, 'utf8')).toBe('sessions');
    expect(readFileSync(path.join(state.root, 'README.txt'), 'utf8')).toBe('a note');
  });

  it('completes one whose making was interrupted', () => {
    const { root } = stateFolder({}, folder);
    mkdirSync(root);
    writeFileSync(path.join(root, '.gitignore'), '*\n');
    createStateFolder(stateFolderAt(root));
    expect(readdirSync(root)).toContain('README.txt');
  });

  it("hides nothing of a folder that holds somebody's files", () => {
    writeFileSync(path.join(folder, 'package.json'), '{}');
    createStateFolder(stateFolderAt(folder));
    expect(readdirSync(folder).sort()).toEqual(['package.json', 'users']);
  });

  it('names the folder and the variable when a file stands in the way', () => {
    const file = path.join(folder, 'file');
    writeFileSync(file, '');
    expect(() => createStateFolder(stateFolderAt(path.join(file, 'state')))).toThrow(
      /file\/state cannot be created; set DEEP_RESEARCH_STATE_DIR/,
    );
  });
});
