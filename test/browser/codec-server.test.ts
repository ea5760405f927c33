import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCodecServer } from '../../client/codec-server/server.ts';
import { converterFrom } from '../../client/converter-from.ts';
import { connectDeepResearch, type ResearchSession } from '../../client/index.ts';
import { openSessions, played, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';
import { openWebUi, type WebUi } from '../support/web-ui.ts';

const KEYS = { DEEP_RESEARCH_ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}` };

let sessions: Sessions;
let ui: WebUi;
let session: ResearchSession;

beforeAll(async () => {
  sessions = await openSessions();
  await sessions.work(KEYS);
  ui = await openWebUi(sessions.uiUrl);
  await using client = await connectDeepResearch({
    address: sessions.address,
    taskQueue: sessions.taskQueue,
    env: { ...KEYS, DEEP_RESEARCH_STATE_DIR: sessions.stateDir },
  });
  const input = played({ rounds: 2, answer: 'ZEBRAANSWER' }, { tools: ['bash'] });
  session = await client.start({ ...input, question: 'Whose ZEBRAQUESTION is it?' });
  await session.result();
}, START_LIMIT_MS);

afterAll(async () => {
  await ui?.close();
  await sessions?.close();
});

const main = () => ui.page.getByRole('main');

test('the Web UI shows nothing of an encrypted session, and all of it through the codec server', async () => {
  await ui.open(session.id);
  await main().getByText('Completed', { exact: true }).first().waitFor();
  await main().getByText('infer').first().waitFor();
  expect(await main().innerText()).not.toMatch(/zebra|round 1\b/i);

  const server = await startCodecServer({
    host: '127.0.0.1',
    port: 0,
    origins: [new URL(ui.page.url()).origin],
    converter: converterFrom({ ...KEYS, DEEP_RESEARCH_STATE_DIR: sessions.stateDir }),
  });
  try {
    await ui.useCodecServer(server.url);
    await ui.open(session.id);
    const shown = main().getByTestId('input-and-result');
    await shown.getByText('ZEBRAANSWER').first().waitFor();
    expect(await shown.innerText()).toContain('Whose ZEBRAQUESTION is it?');
    // The summaries of the activities.
    await main().getByText('round 1', { exact: false }).first().waitFor();
    expect(await ui.query('report')).toContain('ZEBRAQUESTION');
  } finally {
    await server.close();
  }
});
