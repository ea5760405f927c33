import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WORKFLOW } from '../../protocol/names.ts';
import type { ResearchResult } from '../../protocol/result.ts';
import { eventually, openSessions, played, type Sessions, START_LIMIT_MS, statusOf } from '../support/sessions.ts';
import { openWebUi, type WebUi } from '../support/web-ui.ts';

let sessions: Sessions;
let ui: WebUi;

beforeAll(async () => {
  sessions = await openSessions();
  await sessions.work();
  ui = await openWebUi(sessions.uiUrl);
}, START_LIMIT_MS);

afterAll(async () => {
  await ui?.close();
  await sessions?.close();
});

const main = () => ui.page.getByRole('main');

describe('the form "Start a Workflow"', () => {
  async function start(input: unknown) {
    const workflowId = `form-${randomUUID()}`;
    await ui.start({
      workflowId,
      taskQueue: sessions.taskQueue,
      type: WORKFLOW.session,
      input: JSON.stringify(input),
    });
    await ui.open(workflowId);
    return workflowId;
  }

  test('starts a session from a question in quotes, and its page ends with the answer', async () => {
    const workflowId = await start('What colour is the flag of Chad?');
    await main().getByText('Completed', { exact: true }).first().waitFor();
    const result: ResearchResult = await sessions.client.workflow.getHandle(workflowId).result();
    expect(result.answer).not.toBe('');
    await main().getByTestId('input-and-result').getByText('"answer":').waitFor();
    const shown = await main().getByTestId('input-and-result').innerText();
    expect(shown).toContain(result.answer.split('\n')[0]);
    expect(shown).toContain('What colour is the flag of Chad?');
  });

  test('starts a session from an object with its fields', async () => {
    const answer = 'Blue, yellow and red.';
    await start(played({ rounds: 2, answer }));
    await main().getByText('Completed', { exact: true }).first().waitFor();
    await main().getByTestId('input-and-result').getByText(`"answer": "${answer}",`).last().waitFor();
  });

  test('bad input fails at once with a sentence that names the field', async () => {
    await start({ question: 5 });
    await main().getByText('Failed', { exact: true }).first().waitFor();
    await main()
      .getByTestId('input-and-result')
      .getByText('Invalid input: question: expected string, got the number 5.')
      .first()
      .waitFor();
  });
});

test('a session at work is read with queries, steered, paused, resumed and told to finish', async () => {
  const session = await sessions.start(played({ rounds: 100, replyDelayMs: 700 }, { tools: ['bash'] }));
  const status = () => statusOf(session);
  await eventually('two rounds were played', async () => (await status()).round > 2);
  await ui.open(session.workflowId);

  expect(await ui.query('status')).toMatch(/"round": \d+/);
  const report = await ui.query('report');
  expect(report).toContain('# What colour is the flag of Chad?');
  expect(report).toMatch(/bash: echo round-/);

  expect(await ui.refusedUpdate('steer', '5')).toContain('steer: expected text, got number');
  await ui.update('pause');
  await eventually('the session is paused', async () => (await status()).state === 'paused');
  const { round } = await status();
  const note = 'Look at the neighbours too.';
  await ui.update('steer', JSON.stringify(note));
  expect((await status()).steering).toEqual([note]);
  await ui.update('resume');
  await eventually('the model has seen the note', async () => (await status()).steering.length === 0);
  await eventually('it went on', async () => (await status()).round > round);
  await ui.update('finish');
  const result = await session.result();
  expect(result.stopReason).toBe('finished_early');
  expect(result.answer).not.toBe('');
  expect(await ui.query('report')).toContain('note: ');
});
