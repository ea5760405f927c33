import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runDeepResearch } from '../support/run-program.ts';
import { eventually, openSessions, played, type Sessions, START_LIMIT_MS, statusOf } from '../support/sessions.ts';

/** `deep-research …` as people and programs call it, on a running stack. */
let sessions: Sessions;

beforeAll(async () => {
  sessions = await openSessions();
  await sessions.work();
}, START_LIMIT_MS);

afterAll(() => sessions?.close());

const deepResearch = (args: string[], env: NodeJS.ProcessEnv = {}) =>
  runDeepResearch(args, { ...sessions.env, ...env });

/** A session that works until it is told otherwise. */
async function working(): Promise<string> {
  const session = await sessions.start(played({ rounds: 1_000, replyDelayMs: 300 }, { tools: ['bash'] }));
  await eventually('the session works', async () => (await statusOf(session)).round > 1);
  return session.workflowId;
}

const LIMIT_MS = 300_000;

test('ask shows rounds and the marked answer; status, list and export tell of it afterwards', {
  timeout: LIMIT_MS,
}, async () => {
  const id = `ask-${randomUUID()}`;
  const play = JSON.stringify({ rehearsal: { rounds: 2, answer: 'Blue, yellow and red.' } });
  const options = ['--id', id, '--tools', 'bash', '--model-extra-body', play];
  const asked = await deepResearch(['ask', 'What colours has the flag of Chad?', ...options]);
  expect(asked.err).toBe('');
  expect(asked.out).toMatch(/^Session ask-/);
  expect(asked.out).toMatch(/^ {2}2 {2}\S/m);
  expect(asked.out).toMatch(/· bash {2}/);
  expect(asked.out).toMatch(/Answer\nAnswer of the rehearsal model[^\n]*\nBlue, yellow and red\./);
  expect(asked.code).toBe(0);

  const status = JSON.parse((await deepResearch(['status', id, '--json'])).out);
  expect(status).toMatchObject({ id, outcome: 'completed', result: { model: 'rehearsal', rounds: 3 } });
  await eventually('the list has it', async () => {
    const listed = JSON.parse((await deepResearch(['list', '--json', '--limit', '100'])).out) as { id: string }[];
    return listed.some((each) => each.id === id);
  });
  const file = join(sessions.stateDir, 'session.md');
  expect((await deepResearch(['export', id, '--format', 'md', '-o', file])).err).toContain(`Written to ${file}`);
  expect(readFileSync(file, 'utf8')).toMatch(/## Answer\n\n\*Answer of the rehearsal model[^\n]*\n\nBlue/);
  const exported = JSON.parse((await deepResearch(['export', id, '--format', 'json'])).out);
  expect(exported).toMatchObject({ version: 1, id, result: { answer: 'Blue, yellow and red.', model: 'rehearsal' } });
  expect(await sessions.client.workflow.getHandle(id).query('report')).toContain('Answer of the rehearsal model');

  const watched = await deepResearch(['watch', id, '--json']);
  const events = watched.out.trim().split('\n');
  expect(JSON.parse(events.at(-1) ?? '')).toMatchObject({ type: 'answered', open: false });
  for (const verb of ['pause', 'resume', 'finish', 'cancel']) {
    const { err, code } = await deepResearch([verb, id]);
    expect(err).toMatch(/has ended already/);
    expect(code).toBe(1);
  }
  const late = await deepResearch(['steer', id, 'Too late.']);
  expect(late).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/has ended already/) });
});

test('steer, pause, resume and finish act on a session that works', { timeout: LIMIT_MS }, async () => {
  const id = await working();
  const handle = sessions.client.workflow.getHandle(id);
  expect(await deepResearch(['pause', id])).toMatchObject({ code: 0, err: 'Paused before its next step.\n' });
  await eventually(
    'it is paused',
    async () => ((await handle.query('status')) as { state: string }).state === 'paused',
  );
  expect(await deepResearch(['steer', id, 'Only flags since 1959.'])).toMatchObject({ code: 0 });
  const { out } = await deepResearch(['status', id]);
  expect(out).toMatch(/^State +paused$/m);
  expect(out).toMatch(/^Not yet seen +Only flags since 1959\.$/m);
  expect(await deepResearch(['resume', id])).toMatchObject({ code: 0, err: 'It goes on.\n' });
  await eventually('the model has seen it', async () =>
    JSON.stringify(await handle.query('transcript')).includes('Only flags since 1959.'),
  );
  expect(await deepResearch(['finish', id])).toMatchObject({ code: 0 });
  expect(await handle.result()).toMatchObject({ stopReason: 'finished_early' });
});

test('fork goes on from a round, and replay reads a session with all its rounds', { timeout: LIMIT_MS }, async () => {
  const original = await sessions.start(played({ rounds: 3 }, { tools: ['bash'] }));
  await original.result();
  const id = `fork-${randomUUID()}`;
  const forked = await deepResearch(['fork', original.workflowId, '--round', '2', '--steer', 'Mind it.', '--id', id]);
  expect(forked).toMatchObject({ err: '', code: 0 });
  expect(forked.out).toMatch(/^Session fork-[\s\S]*told to the model: Mind it\.[\s\S]*\nAnswer\n/);
  const replayed = await deepResearch(['replay', id]);
  expect(replayed).toMatchObject({ err: '', code: 0 });
  expect(replayed.out).toMatch(/^Replays with the code of today\.\n[\s\S]*\nRound 1 [\s\S]*\nRound 4 /);
  const missing = await deepResearch(['fork', 'nowhere', '--round', '2']);
  expect(missing).toMatchObject({ code: 1, err: expect.stringContaining('There is no session "nowhere"') });
});

test('cancel ends a session, and who watches it learns so', { timeout: LIMIT_MS }, async () => {
  const id = await working();
  const watching = deepResearch(['watch', id]);
  expect(await deepResearch(['cancel', id])).toMatchObject({ code: 0, err: 'Asked to stop.\n' });
  expect(await watching).toMatchObject({ code: 1, err: expect.stringMatching(/was cancelled/) });
  expect(JSON.parse((await deepResearch(['status', id, '--json'])).out)).toMatchObject({ outcome: 'cancelled' });
});

describe('what cannot be done is told in one line', () => {
  test.each([
    [['status', 'no-such'], 1, /^deep-research: There is no session "no-such" on this server\.\n$/],
    [['watch', 'no-such'], 1, /There is no session "no-such"/],
    [['export', 'no-such', '--format', 'json'], 1, /There is no session "no-such"/],
    [['export', 'no-such', '--format', 'pdf'], 2, /--format: expected json, .*md.* got "pdf"/],
    [['ask', 'Why?', '--max-rounds', '0'], 2, /maxRounds: .*got the number 0/],
    [['ask', 'Why?', '--max-rounds', 'x'], 2, /'x' is invalid\. Expected a number/],
    [['ask', 'Why?', '--priority', '9'], 2, /priority: .*got the number 9/],
    [['list', '--query', 'No such = language'], 1, /^deep-research: Temporal refused the request: /],
    [['stauts', 'x'], 2, /Did you mean status\?/],
  ])('%j', { timeout: LIMIT_MS }, async (args, code, message) => {
    const ended = await deepResearch(args);
    expect(ended.err).toMatch(message);
    expect(ended).toMatchObject({ out: '', code });
  });

  test('no server', { timeout: LIMIT_MS }, async () => {
    const ended = await deepResearch(['list'], { TEMPORAL_ADDRESS: '127.0.0.1:1' });
    expect(ended.err).toMatch(/^deep-research: No Temporal server answers at 127\.0\.0\.1:1\..*TEMPORAL_ADDRESS\.\n$/);
    expect(ended.code).toBe(1);
  });

  test('no worker', { timeout: LIMIT_MS }, async () => {
    const session = await sessions.client.workflow.start('deepResearch', {
      workflowId: `lonely-${randomUUID()}`,
      taskQueue: `nobody-${randomUUID()}`,
      args: ['Why?'],
    });
    const ended = await deepResearch(['pause', session.workflowId]);
    expect(ended.err).toMatch(/No worker took up the update `pause` .*npm run worker/);
    expect(ended.code).toBe(1);
    await session.terminate();
  });
});
