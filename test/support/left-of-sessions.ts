import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { eventually } from './sessions.ts';

/** Where a state folder has what belongs to a session at work. */
const OF_SESSIONS = ['workspaces', 'calls', 'owners'];

/** All paths below a folder; none where it is not there. */
export const pathsBelow = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))
    : [];

/** What the state folder has of sessions. */
export const leftOfSessions = (stateDir: string): string[] =>
  OF_SESSIONS.flatMap((name) => pathsBelow(join(stateDir, name)));

/** Waits until a list is empty. Fails with what is left. */
export async function eventuallyEmpty(
  what: string,
  list: () => string[] | Promise<string[]>,
  limitMs?: number,
): Promise<void> {
  let left: string[] = [];
  const isEmpty = async () => {
    left = await list();
    return left.length === 0;
  };
  await eventually(what, isEmpty, limitMs).catch((error) => {
    expect(left).toEqual([]);
    throw error;
  });
}
