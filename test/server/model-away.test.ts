import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRehearsal } from '../../local/rehearsal/server.ts';
import { QUERY } from '../../protocol/names.ts';
import type { Status } from '../../protocol/status.ts';
import { openSessions, pendingCall, progressOf, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';

let sessions: Sessions;

beforeAll(async () => {
  sessions = await openSessions();
}, START_LIMIT_MS);

afterAll(() => sessions?.close());

/** The command line as a person runs it. */
async function deepResearch(...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['client/cli/main.ts', ...args], {
    env: sessions.env,
  });
  return stdout + stderr;
}

async function until<T>(read: () => Promise<T | undefined>, what: string): Promise<T> {
  for (const end = Date.now() + 180_000; Date.now() < end; ) {
    const found = await read();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`Waited 180 s in vain for: ${what}.`);
}

const question = {
  question: 'Why?',
  tools: ['bash'],
  model: { extraBody: { rehearsal: { rounds: 1, answer: 'So.' } } },
};
const refusal = { kind: 'status', status: 400, body: { error: { message: 'The sampling is refused.' } } } as const;

test('a session whose model is away waits for it, says so, and goes on by itself', async () => {
  const away = await startRehearsal();
  const worker = await sessions.work({ LLM_SERVER_BASE_ENDPOINT_URL: away.url });
  await away.close();
  const handle = await sessions.start({ ...question, priority: 4, fairnessKey: 'team', fairnessWeight: 2 });
  const shown = await until(async () => {
    const text = await deepResearch('status', handle.workflowId).catch(() => '');
    return /Trying again/.test(text) ? text : undefined;
  }, 'a second attempt');
  expect(shown).toMatch(
    /model server unavailable, attempt \d+(, next try in [\d.]+s)?: .*(ECONNREFUSED|No model server)/,
  );

  // The next attempt, perhaps on another worker, knows which endpoint failed and how the session is to be ordered.
  const { pending, heartbeat } = await until(async () => {
    const pending = await pendingCall(handle);
    const heartbeat = progressOf(pending);
    return heartbeat?.failed === undefined ? undefined : { pending, heartbeat };
  }, 'details of a failed attempt');
  expect(heartbeat).toMatchObject({ round: 1, failed: 'default' });
  expect(pending?.priority).toMatchObject({ priorityKey: 4, fairnessKey: 'team', fairnessWeight: 2 });

  const back = await startRehearsal({ port: away.port });
  try {
    expect((await handle.result()).answer).toContain('So.');
  } finally {
    await back.close();
    await worker.stop();
  }
});

test('a worker that starts before its model server serves, and its session goes on when the model comes', async () => {
  const { url, port, close } = await startRehearsal();
  await close();
  const worker = await sessions.work({ LLM_SERVER_BASE_ENDPOINT_URL: url });
  expect(worker.output()).toContain('No model server can be used now. The worker serves, and sessions wait');
  const handle = await sessions.start(question);
  expect((await handle.query<Status>(QUERY.status)).state).toMatch(/preparing|thinking/);
  await until(async () => {
    const { activityType, attempt } = (await pendingCall(handle)) ?? {};
    return (activityType?.name === 'infer' && Number(attempt) > 1) || undefined;
  }, 'a second attempt');
  const come = await startRehearsal({ port });
  try {
    expect((await handle.result()).answer).toContain('So.');
  } finally {
    await come.close();
    await worker.stop();
  }
});

test('a refused request fails a session that has nothing and holds one that has, until it is told to go on', async () => {
  const worker = await sessions.work();
  sessions.model.faults.add(refusal);
  const nothing = await sessions.start(question);
  await expect(nothing.result()).rejects.toMatchObject({
    cause: { type: 'ModelRejected', message: expect.stringContaining('The sampling is refused.') },
  });

  sessions.model.faults.add({ ...refusal, match: { nth: 2 } });
  const handle = await sessions.start(question);
  const status = await until(async () => {
    const now = await handle.query<Status>(QUERY.status);
    return now.hold === undefined ? undefined : now;
  }, 'the hold');
  expect(status.state).toBe('holding');
  expect(status.hold).toContain('The sampling is refused.');
  const shown = await deepResearch('status', handle.workflowId);
  expect(shown).toContain('The sampling is refused.');
  expect(shown).toContain(`npx deep-research resume ${handle.workflowId}`);
  const details = JSON.stringify(await handle.query('__temporal_workflow_metadata'));
  expect(details).toContain('Cause: `The model server answered 400: The sampling is refused.');

  await deepResearch('resume', handle.workflowId);
  expect((await handle.result()).answer).toContain('So.');
  await worker.stop();
});
