import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { callRecords } from '../../activities/lookup/recorded.ts';
import { cleanupCalls } from '../../activities/workspace/cleanup-calls.ts';

let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'records-'));
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

const records = (callId = 'r1c1', workspace = 'session') => callRecords(stateDir, workspace, callId);
const files = () => readdirSync(join(stateDir, 'calls', 'session'));

/** Counts how often it was asked. */
function provider() {
  let asked = 0;
  return { look: async () => ({ answer: ++asked }), asked: () => asked };
}

test('the second attempt gets the record of the first', async () => {
  const { look, asked } = provider();
  expect(await records()('query lamps', look)).toEqual({ answer: 1 });
  expect(await records()('query lamps', look)).toEqual({ answer: 1 });
  expect(asked()).toBe(1);
});

test('another call, another session and another question are other look-ups', async () => {
  const { look, asked } = provider();
  await records()('query lamps', look);
  await records('r2c1')('query lamps', look);
  await records('r1c1', 'other')('query lamps', look);
  await records()('query tides', look);
  expect(asked()).toBe(4);
});

test('empty answers are answers', async () => {
  let asked = 0;
  for (const value of [[], '', null, 0, false]) {
    const look = async () => {
      asked++;
      return value;
    };
    expect(await records()(`what gives ${JSON.stringify(value)}`, look)).toEqual(value);
    expect(await records()(`what gives ${JSON.stringify(value)}`, look)).toEqual(value);
  }
  expect(asked).toBe(5);
});

test('what failed is asked again', async () => {
  const broken = async () => {
    throw new Error('out of order');
  };
  await expect(records()('query lamps', broken)).rejects.toThrow('out of order');
  expect(await records()('query lamps', provider().look)).toEqual({ answer: 1 });
});

test('of two attempts at once both get what was recorded first', async () => {
  const { look } = provider();
  const both = await Promise.all([records()('query lamps', look), records()('query lamps', look)]);
  const recorded = await records()('query lamps', look);
  expect(both).toEqual([recorded, recorded]);
  expect(files()).toHaveLength(1);
});

test('half a record is none', async () => {
  const { look, asked } = provider();
  await records()('query lamps', look);
  const [file = ''] = files();
  const path = join(stateDir, 'calls', 'session', file);
  writeFileSync(path, readFileSync(path, 'utf8').slice(0, 20));
  expect(await records()('query lamps', look)).toEqual({ answer: 2 });
  expect(asked()).toBe(2);
});

test("the session's end removes them", async () => {
  const { look, asked } = provider();
  await records()('query lamps', look);
  await cleanupCalls(stateDir, 'session');
  expect(readdirSync(join(stateDir, 'calls'))).toEqual([]);
  await records()('query lamps', look);
  expect(asked()).toBe(2);
});

test('a call id or a workspace that would lead elsewhere is refused', () => {
  expect(() => records('../r1c1')).toThrow('"../r1c1" is not a call id');
  expect(() => records('r1c1', '../other')).toThrow('"../other" is not a workspace name');
});
