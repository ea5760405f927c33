import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Sandbox } from '../../activities/sandbox/sandbox.ts';
import { hostId } from '../../activities/workspace/host.ts';
import { openKept } from '../../activities/workspace/keep.ts';
import { type SessionFiles, sessionFiles } from '../../activities/workspace/session-files.ts';
import { SNAPSHOT_LIMITS } from '../../activities/workspace/snapshot/scan.ts';
import { EMPTY_TREE } from '../../activities/workspace/snapshot/tree.ts';
import type { ToolCallInput, ToolCallOutput } from '../../protocol/tool-call.ts';

let root = '';
let ended: string[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'session-files-'));
  ended = [];
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

const sandbox = { end: async (folder: string) => void ended.push(folder) } as unknown as Sandbox;

/** A machine with a state folder of its own. */
function host(name: string, store = 'store', limits = SNAPSHOT_LIMITS) {
  const stateDir = join(root, name);
  // Whose it is; with it, no server has to be asked.
  mkdirSync(join(stateDir, 'owners'), { recursive: true });
  writeFileSync(join(stateDir, 'owners', 'w.json'), '{}');
  const kept = openKept(stateDir, { place: { folder: join(root, store) }, keepDays: 1 });
  const files = sessionFiles({ stateDir, kept, sandbox, hostQueue: name, limits });
  const folder = join(stateDir, 'workspaces', 'w');
  return {
    files,
    folder,
    stateDir,
    /** What bash would do. */
    run: (call: ToolCallInput, write: Record<string, string>) =>
      run(files, call, () => {
        for (const [path, text] of Object.entries(write)) writeFileSync(join(folder, path), text);
      }),
    read: () => Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')])),
  };
}

async function run(files: SessionFiles, call: ToolCallInput, work: () => void): Promise<ToolCallOutput> {
  const { instead } = await files.open(call, true);
  if (instead) return { ...instead, workspace: { ...files.here, ...instead.workspace } };
  work();
  return files.close(call, true, { text: 'done' });
}

const call = (callId: string, snapshot: string | undefined, lost?: ToolCallInput['lost']): ToolCallInput => ({
  callId,
  arguments: { command: callId },
  session: { workspace: 'w', ...(snapshot ? { snapshot } : {}) },
  ...(lost ? { lost } : {}),
});

test('a session that moves finds its files on the other host, and on the first when it comes back', async () => {
  const [a, b] = [host('a'), host('b')];
  const one = await a.run(call('r1c1', EMPTY_TREE), { 'a.txt': '1' });
  expect(one.workspace).toEqual({ queue: 'a', snapshot: expect.stringMatching(/^[0-9a-f]{64}$/) });
  const two = await b.run(call('r2c1', one.workspace?.snapshot, { queue: 'a', begun: false }), { 'b.txt': '2' });
  expect(two.workspace?.queue).toBe('b');
  expect(b.read()).toEqual({ 'a.txt': '1', 'b.txt': '2' });
  // The first has what is old, and what ran there is not the session's any more.
  await a.run(call('r3c1', two.workspace?.snapshot), {});
  expect(a.read()).toEqual({ 'a.txt': '1', 'b.txt': '2' });
  expect(ended).toEqual([a.folder]);
});

test('a call that may have run on a lost host is not run; what it did to the files is undone', async () => {
  const [a, b] = [host('a'), host('b')];
  const one = await a.run(call('r1c1', EMPTY_TREE), { 'a.txt': '1' });
  const { snapshot } = one.workspace ?? {};
  await a.files.open(call('r2c1', snapshot), true);
  writeFileSync(join(a.folder, 'half.txt'), 'x');
  const told = await b.run(call('r2c1', snapshot, { queue: 'a', begun: true }), { 'never.txt': 'x' });
  expect(told).toMatchObject({ failed: true, text: expect.stringContaining('outcome is unknown') });
  expect(b.read()).toEqual({ 'a.txt': '1' });
  // A call that only reads is made again.
  expect(await b.files.open(call('r2c1', snapshot, { queue: 'a', begun: true }), false)).toEqual({ folder: b.folder });
});

test('a call that had ended on a lost host before anybody was told: its result is taken, and its files', async () => {
  const [a, b] = [host('a'), host('b')];
  const second = call('r1c1', EMPTY_TREE);
  const first = await a.run(second, { 'a.txt': '1' });
  const taken = await b.run({ ...second, lost: { queue: 'a', begun: true } }, { 'never.txt': 'x' });
  expect(taken).toEqual({ ...first, workspace: { ...first.workspace, queue: 'b' } });
  await b.run(call('r2c1', taken.workspace?.snapshot), {});
  expect(b.read()).toEqual({ 'a.txt': '1' });
});

test('a host that was only taken for lost goes on with its own call', async () => {
  const a = host('a');
  const { instead } = await a.files.open(call('r1c1', EMPTY_TREE, { queue: 'a', begun: true }), true);
  expect(instead).toBeUndefined();
});

test('an attempt after the call has ended finds the files as the call has left them', async () => {
  const a = host('a');
  const first = await a.run(call('r1c1', EMPTY_TREE), { 'a.txt': '1' });
  const again = await a.run(call('r1c1', EMPTY_TREE), {});
  expect(again.workspace).toEqual(first.workspace);
  expect(a.read()).toEqual({ 'a.txt': '1' });
});

test('a session that is reset to an earlier round has the files of that round, and no records of later calls', async () => {
  const a = host('a');
  const one = await a.run(call('r1c1', EMPTY_TREE), { 'a.txt': '1' });
  await a.run(call('r2c1', one.workspace?.snapshot), { 'a.txt': '2', 'b.txt': '2' });
  mkdirSync(join(a.stateDir, 'calls', 'w', 'r2c1-x'), { recursive: true });
  await a.run(call('r2c2', one.workspace?.snapshot), {});
  expect(a.read()).toEqual({ 'a.txt': '1' });
  expect(existsSync(join(a.stateDir, 'calls', 'w'))).toBe(false);
});

test('without a store that both hosts reach the model is told that its files are lost, and goes on', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  const [a, b] = [host('a', 'store-a'), host('b', 'store-b')];
  const one = await a.run(call('r1c1', EMPTY_TREE), { 'a.txt': '1' });
  const told = await b.run(call('r2c1', one.workspace?.snapshot), { 'never.txt': 'x' });
  expect(told).toMatchObject({ failed: true, text: expect.stringContaining('no copy of them can be reached') });
  expect(told.workspace).toEqual({ queue: 'b', snapshot: EMPTY_TREE });
  expect((await b.run(call('r3c1', EMPTY_TREE), { 'c.txt': '3' })).text).toBe('done');
  expect(b.read()).toEqual({ 'c.txt': '3' });
});

test('a workspace that is too large is told of once, and what was saved before holds', async () => {
  const a = host('a', 'store', { ...SNAPSHOT_LIMITS, bytes: 10 });
  const one = await a.run(call('r1c1', EMPTY_TREE), { 'a.txt': '1' });
  const { snapshot } = one.workspace ?? {};
  const large = await a.run(call('r2c1', snapshot), { 'b.txt': 'x'.repeat(20) });
  expect(large.text).toMatch(/^done\n\[The working directory holds more than 10 bytes: what is new in it is not saved/);
  expect(large.workspace).toEqual({ queue: 'a', notSaved: 'The working directory holds more than 10 bytes' });
  const next = await a.run(call('r3c1', snapshot), {});
  expect(next.text).toBe('done');
  // Nothing was put back: the files are here.
  expect(Object.keys(a.read())).toEqual(['a.txt', 'b.txt']);
});

test('a host keeps its name', () => {
  const stateDir = join(root, 'x');
  expect(hostId(stateDir)).toMatch(/^[0-9a-f]{8}$/);
  expect(hostId(stateDir)).toBe(hostId(stateDir));
  writeFileSync(join(stateDir, 'host-id'), 'a b');
  expect(() => hostId(stateDir)).toThrow('does not hold the name of a host');
});
