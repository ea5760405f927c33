import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import {
  callsPath,
  ensureWorkspace,
  nameOfWorkspace,
  removeWorkspace,
  workspaceName,
  workspacePath,
} from '../../activities/workspace/workspace.ts';

const stateDir = mkdtempSync(join(tmpdir(), 'workspace-'));
afterAll(() => rmSync(stateDir, { recursive: true, force: true }));

it('makes a workspace once, keeps its files, and removes it', async () => {
  const folder = await ensureWorkspace(stateDir, 'session-1');
  expect(folder).toBe(join(stateDir, 'workspaces', 'session-1'));
  writeFileSync(join(folder, 'a.txt'), 'x');
  await ensureWorkspace(stateDir, 'session-1');
  expect(existsSync(join(folder, 'a.txt'))).toBe(true);
  expect(nameOfWorkspace(stateDir, folder)).toBe('session-1');
  await removeWorkspace(stateDir, 'session-1');
  await removeWorkspace(stateDir, 'session-1');
  expect(existsSync(folder)).toBe(false);
});

it.each([
  '',
  '.',
  '..',
  '../x',
  'a/b',
  '/etc',
  '-x',
  'a\0',
  'x'.repeat(129),
  '研究',
])('refuses the name %j', async (name) => {
  expect(() => workspacePath(stateDir, name)).toThrow('is not a workspace name');
  expect(() => callsPath(stateDir, name)).toThrow('is not a workspace name');
  await expect(removeWorkspace(stateDir, name)).rejects.toThrow('is not a workspace name');
});

it.each([
  '/etc',
  join(stateDir, 'calls', 'x'),
  join(stateDir, 'workspaces'),
  join(stateDir, 'workspaces', 'a', 'b'),
])('does not take %s for a workspace', (folder) =>
  expect(() => nameOfWorkspace(stateDir, folder)).toThrow('is not a workspace below'));

it('gives every session a name of its own that can be a folder', () => {
  const ids = ['plain-id_1.2', 'a/b', 'a b', 'a:b', '../../etc', '研究', '', '.', 'x'.repeat(500), 'x'.repeat(501)];
  const names = ids.map(workspaceName);
  expect(names[0]).toBe('plain-id_1.2');
  expect(new Set(names).size).toBe(ids.length);
  for (const name of names) expect(workspacePath(stateDir, name)).toBe(join(stateDir, 'workspaces', name));
});
