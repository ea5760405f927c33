import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BatchResult } from '../../protocol/batch.ts';
import { WORKFLOW } from '../../protocol/names.ts';
import { openSessions, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';
import { openWebUi, type WebUi } from '../support/web-ui.ts';

let sessions: Sessions;
let ui: WebUi;

beforeAll(async () => {
  sessions = await openSessions();
  const files = join(sessions.stateDir, 'given');
  mkdirSync(files);
  writeFileSync(join(files, 'flags.jsonl'), '{"id": 1, "question": "Chad?"}\n{"id": 2, "question": "乍得？"}\n');
  await sessions.work({ DEEP_RESEARCH_FILES_DIR: files });
  ui = await openWebUi(sessions.uiUrl);
}, START_LIMIT_MS);

afterAll(async () => {
  await ui?.close();
  await sessions?.close();
});

test('a batch is started with a stored file, watched and widened; the list shows its sessions', async () => {
  const workflowId = `batch-${randomUUID()}`;
  const play = { rehearsal: { rounds: 3, replyDelayMs: 500, answer: 'Blue, yellow and red.' } };
  const input = { file: 'flags.jsonl', rollouts: 2, window: 1, tools: ['bash'], model: { extraBody: play } };
  await ui.start({ workflowId, taskQueue: sessions.taskQueue, type: WORKFLOW.batch, input: JSON.stringify(input) });
  await ui.open(workflowId);
  expect(await ui.query('status')).toMatch(/"total": 4/);
  expect(await ui.refusedUpdate('window', '0')).toContain('expected a whole number from 1 to 1000');
  await ui.update('window', '4');
  const result: BatchResult = await sessions.client.workflow.getHandle(workflowId).result();
  expect(result).toMatchObject({ state: 'done', totals: { success: 4 } });
  const listed = await ui.list(`ResearchBatch="${workflowId}"`);
  expect(listed.sort()).toEqual(
    ['00001.r1', '00001.r2', '00002.r1', '00002.r2'].map((place) => `${workflowId}.${place}`),
  );
});

test('a batch is started with a file that was sent', async () => {
  const mine = join(sessions.stateDir, 'mine.jsonl');
  writeFileSync(mine, '{"id": 1, "question": "Chad?"}\n{"id": 2, "question": "Mali?"}\n');
  const command = ['client/cli/main.ts', 'send', mine];
  const file: unknown = JSON.parse(execFileSync(process.execPath, command, { env: sessions.env, encoding: 'utf8' }));
  const workflowId = `batch-${randomUUID()}`;
  const input = { file, tools: ['bash'], model: { extraBody: { rehearsal: { rounds: 1 } } } };
  await ui.start({ workflowId, taskQueue: sessions.taskQueue, type: WORKFLOW.batch, input: JSON.stringify(input) });
  expect(await sessions.client.workflow.getHandle(workflowId).result()).toMatchObject({ totals: { success: 2 } });
});
