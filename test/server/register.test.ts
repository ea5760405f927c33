import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SEARCH_ATTRIBUTE } from '../../protocol/names.ts';
import { runProgram } from '../support/run-program.ts';
import { openSessions, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';

const SCRIPT = fileURLToPath(new URL('../../deploy/temporal/register.sh', import.meta.url));
let sessions: Sessions;
let bin: string;

beforeAll(async () => {
  sessions = await openSessions();
  bin = join(sessions.stateDir, 'bin');
  mkdirSync(bin);
  // The script calls it by its name.
  symlinkSync(sessions.cli, join(bin, 'temporal'));
}, START_LIMIT_MS);

afterAll(() => sessions?.close());

const register = (retention: string) =>
  runProgram('/bin/sh', [SCRIPT], {
    PATH: [bin, process.env.PATH].join(':'),
    HOME: sessions.stateDir,
    TEMPORAL_ADDRESS: sessions.address,
    TEMPORAL_NAMESPACE: 'registered',
    RETENTION: retention,
  });

const seconds = async (): Promise<number> => {
  const { workflowService } = sessions.client;
  const { config } = await workflowService.describeNamespace({ namespace: 'registered' });
  return Number(config?.workflowExecutionRetentionTtl?.seconds);
};

test('makes a namespace with its retention and the search attributes, and run again changes the retention alone', async () => {
  const first = await register('30d');
  expect(first, first.err).toMatchObject({ code: 0 });
  expect(first.out).toContain('The namespace registered is ready.');
  expect(await seconds()).toBe(30 * 24 * 3600);
  const { operatorService } = sessions.client.connection;
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace: 'registered' });
  for (const name of Object.values(SEARCH_ATTRIBUTE)) expect(customAttributes).toHaveProperty(name);

  const again = await register('7d');
  expect(again, again.err).toMatchObject({ code: 0 });
  expect(again.out).not.toContain('added');
  // The server's own copy follows by a moment.
  await expect.poll(seconds, { timeout: 30_000 }).toBe(7 * 24 * 3600);
}, 180_000);
