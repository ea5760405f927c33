import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_TASK_QUEUE } from '../../protocol/names.ts';
import { eventually, openSessions, played, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';

/** Everything here goes through Temporal's own command line, as for somebody who has nothing of ours installed. */
let sessions: Sessions;

beforeAll(async () => {
  sessions = await openSessions({ taskQueue: DEFAULT_TASK_QUEUE });
  await sessions.work();
}, START_LIMIT_MS);

afterAll(() => sessions?.close());

async function temporal(...args: string[]) {
  const { cli, address, env } = sessions;
  const command = [...args, '--address', address, '--output', 'json'];
  const { stdout } = await promisify(execFile)(cli, command, { env: { PATH: env.PATH, HOME: env.HOME } });
  return JSON.parse(stdout);
}

const workflow = (verb: string, id: string, ...args: string[]) =>
  temporal('workflow', verb, '--workflow-id', id, ...args);

async function start(input: string, ...args: string[]): Promise<string> {
  const id = `cli-${randomUUID()}`;
  await workflow('start', id, '--type', 'deepResearch', '--task-queue', 'deep-research', '--input', input, ...args);
  return id;
}

const query = async (id: string, type: string, ...args: string[]) =>
  (await workflow('query', id, '--type', type, ...args)).queryResult[0];
const update = (id: string, name: string, ...args: string[]) =>
  temporal('workflow', 'update', 'execute', '--workflow-id', id, '--name', name, ...args);

/** A session that stays in a model call until it is told otherwise. */
async function slowSession(): Promise<string> {
  const id = await start(JSON.stringify(played({ rounds: 100, replyDelayMs: 600 }, { tools: ['bash'] })));
  await eventually('the session works', async () => (await query(id, 'status')).round > 1);
  return id;
}

describe('start', () => {
  test('a plain string is the question, and the answer is the result', async () => {
    const id = await start('"What colours has the flag of Chad?"');
    const { result, status } = await workflow('result', id);
    expect(status).toBe('COMPLETED');
    expect(result).toMatchObject({ stopReason: 'no_tool_calls', segments: 1, model: 'rehearsal' });
    expect(result.answer).toMatch(/rehearsal model/);
  });

  test('an object takes the settings', async () => {
    const id = await start(JSON.stringify(played({ rounds: 9 }, { tools: ['bash'], maxRounds: 2 })));
    const { result } = await workflow('result', id);
    expect(result).toMatchObject({ stopReason: 'max_rounds_exceeded', rounds: 3 });
    expect(result.answer).not.toBe('');
  });

  test.each([
    ['{"question": 5}', /question: expected string, got the number 5/],
    ['{}', /question: expected string, got nothing/],
    ['null', /expected a question as text or an object with "question", got null/],
    ['["Why?"]', /expected a question as text or an object with "question", got the list/],
    ['5', /expected a question as text or an object with "question", got the number 5/],
    ['"  "', /question: expected a question, got only blanks/],
    ['{"question": "Why?", "maxRound": 3}', /unknown field "maxRound"/],
    ['{"question": "Why?", "maxRounds": "many"}', /maxRounds: expected \w+, got the string "many"/],
    ['{"question": "Why?", "maxRounds": 0}', /maxRounds: .*1, got the number 0/],
    ['{"question": "Why?", "model": {"temperature": "hot"}}', /model\.temperature: expected number, got the string/],
    ['{"question": "Why?", "tools": ["no_such"]}', /tools: this worker cannot serve "no_such"/],
    ['{"question": "Why?", "files": ["a.txt"]}', /files: "a.txt" cannot be used/],
    ['{"question": "Why?", "contextStrategy": "forget"}', /contextStrategy: .*discard_all.*, got the string "forget"/],
  ])('%s fails at once with a message that names the field', async (input, message) => {
    const id = await start(input);
    await expect(sessions.client.workflow.getHandle(id).result()).rejects.toMatchObject({
      cause: { type: 'InvalidInput', message: expect.stringMatching(message), nonRetryable: true },
    });
    const { events } = await sessions.client.workflow.getHandle(id).fetchHistory();
    expect(events?.filter((event) => event.workflowTaskFailedEventAttributes)).toEqual([]);
  });

  test('an input that is missing fails in the same way', async () => {
    const id = `cli-${randomUUID()}`;
    await workflow('start', id, '--type', 'deepResearch', '--task-queue', 'deep-research');
    await expect(sessions.client.workflow.getHandle(id).result()).rejects.toMatchObject({
      cause: { type: 'InvalidInput', message: expect.stringMatching(/expected a question .* got nothing/) },
    });
  });
});

test('status, transcript, trajectory and report are answered while the session works and after', async () => {
  const id = await slowSession();
  const check = async (state: RegExp) => {
    const status = await query(id, 'status');
    expect(status.state).toMatch(state);
    expect(status).toMatchObject({ question: 'What colour is the flag of Chad?', maxRounds: 150, segment: 1 });
    const transcript = await query(id, 'transcript');
    expect(transcript.slice(0, 3).map(({ role }: { role: string }) => role)).toEqual(['system', 'user', 'assistant']);
    expect(await query(id, 'transcript', '--input', '1', '--input', '3')).toEqual(transcript.slice(1, 3));
    const { segments } = await query(id, 'trajectory');
    expect(segments[0].rounds[0]).toMatchObject({ number: 1, calls: [{ id: 'r1c1', name: 'bash', state: 'done' }] });
    expect(await query(id, 'report')).toMatch(/What colour is the flag of Chad/);
  };
  await check(/thinking|working/);
  await update(id, 'finish');
  await workflow('result', id);
  await check(/done/);
});

test('steer, pause, resume and finish act on the session, and say why where they cannot', async () => {
  const id = await slowSession();
  await update(id, 'steer', '--input', '"Look at the blue stripe."');
  await eventually('the steering is in the transcript', async () =>
    JSON.stringify(await query(id, 'transcript')).includes('Look at the blue stripe.'),
  );
  await update(id, 'pause');
  await expect(update(id, 'pause')).rejects.toThrow(/paused already/);
  await eventually('the session is paused between rounds', async () => {
    const { state, calls } = await query(id, 'status');
    // The command line shows an empty list as null.
    return state === 'paused' && calls === null;
  });
  await eventually('no model call runs', () => sessions.model.requests.list().every(({ endedAt }) => endedAt));
  const { round } = await query(id, 'status');
  await update(id, 'resume');
  await expect(update(id, 'resume')).rejects.toThrow(/neither paused nor holding/);
  await eventually('the session goes on', async () => (await query(id, 'status')).round > round);

  await expect(update(id, 'steer', '--input', '5')).rejects.toThrow(/steer: expected text, got number/);
  await expect(update(id, 'steer', '--input', '"  "')).rejects.toThrow(/steer: expected text, got only blanks/);
  await expect(update(id, 'steer')).rejects.toThrow(/steer: expected text, got undefined/);
  await expect(update(id, 'approve', '--input', '"r1c1"', '--input', 'true')).rejects.toThrow(/no call .*r1c1.* waits/);
  await expect(update(id, 'ask', '--input', '"And now?"')).rejects.toThrow(/takes no follow-up questions now/);

  await update(id, 'finish');
  const { result } = await workflow('result', id);
  expect(result).toMatchObject({ stopReason: 'finished_early' });
  expect(result.answer).not.toBe('');
  await expect(update(id, 'steer', '--input', '"Too late."')).rejects.toThrow(/not found|completed/i);
});

test('a call that waits is refused and the next one approved', async () => {
  const script = ['rm -r notes', 'echo harmless'].map((command) => ({ name: 'bash', arguments: { command } }));
  const id = await start(JSON.stringify(played({ script }, { approve: ['bash'] })));
  const waits = (call: string) =>
    eventually(`${call} waits`, async () =>
      ((await query(id, 'status')).calls as { id: string; state: string }[]).some(
        (each) => each.id === call && each.state === 'approval',
      ),
    );
  await waits('r1c1');
  await update(id, 'approve', '--input', '{"callId": "r1c1", "approved": false, "reason": "Nothing is deleted."}');
  await waits('r2c1');
  await update(id, 'approve', '--input', '"r2c1"', '--input', 'true');
  await workflow('result', id);
  const transcript = JSON.stringify(await query(id, 'transcript'));
  expect(transcript).toContain('A person refused this call. Reason: Nothing is deleted.');
  expect(transcript).toContain('harmless');
});

test('a session that is kept open takes a follow-up question, and ends when it is cancelled', async () => {
  const id = await start(JSON.stringify(played({ rounds: 1 }, { keepOpenSeconds: 240 })));
  await eventually('it is open', async () => (await query(id, 'status')).state === 'open');
  const { round } = await query(id, 'status');
  await update(id, 'ask', '--input', '"And of Romania?"');
  await eventually('it has answered', async () => {
    const now = await query(id, 'status');
    return now.state === 'open' && now.round > round;
  });
  expect(JSON.stringify(await query(id, 'transcript'))).toContain('And of Romania?');
  const { client, cli, address, env } = sessions;
  const cancel = ['workflow', 'cancel', '--workflow-id', id, '--address', address];
  await promisify(execFile)(cli, cancel, { env: { PATH: env.PATH, HOME: env.HOME } });
  await eventually(
    'it has ended',
    async () => (await client.workflow.getHandle(id).describe()).status.name === 'CANCELLED',
  );
});

test('a session goes on from a round of another', async () => {
  const original = await start(JSON.stringify(played({ rounds: 3 }, { tools: ['bash'] })));
  await workflow('result', original);
  const fork = await start(JSON.stringify({ fork: { session: original, round: 2 }, steer: 'Mind the colours.' }));
  const { result } = await workflow('result', fork);
  expect(result).toMatchObject({ stopReason: 'no_tool_calls', rounds: 4 });
  expect(JSON.stringify(await query(fork, 'transcript'))).toContain('Mind the colours.');
});
