import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DeepResearchClient } from '../../client/index.ts';
import { startDevServer } from '../../local/temporal/dev-server.ts';
import { findTemporalCli } from '../../local/temporal/find-cli.ts';
import { eventually, openSessions, played, statusOf } from '../support/sessions.ts';
import { openWebUi } from '../support/web-ui.ts';

/** `npm run screenshots`: the Web UI with a session at work and with a finished one, and an exported page, into docs/images. */
const root = join(import.meta.dirname, '../..');
const images = join(root, 'docs/images');
const question = 'How is the body timeout set, and what is its default?';

const stateDir = mkdtempSync(join(tmpdir(), 'deep-research-screenshots-'));
const { path: cli } = await findTemporalCli({ onProgress: console.log });
const server = await startDevServer({ stateDir, cli, port: 0, uiPort: 0 });
const sessions = await openSessions({ server, taskQueue: 'deep-research' });
try {
  await sessions.work({ DEEP_RESEARCH_CORPUS_DIR: join(root, 'node_modules/undici/docs') });
  mkdirSync(images, { recursive: true });
  const ui = await openWebUi(sessions.uiUrl);
  const shoot = async (name: string) => {
    await ui.page.getByTestId('input-and-result').getByText(question).first().waitFor();
    await ui.page.screenshot({ path: join(images, name) });
    console.log(`docs/images/${name}`);
  };
  try {
    await ui.page.setViewportSize({ width: 1400, height: 1120 });
    const atWork = await sessions.start(played({ rounds: 100, replyDelayMs: 2000 }, { question }), 'body-timeout');
    await eventually('seven rounds were played', async () => (await statusOf(atWork)).round > 7, 300_000);
    await ui.open(atWork.workflowId);
    await shoot('session-at-work.png');
    await atWork.terminate();
    const finished = await sessions.start(question, 'body-timeout-2');
    await finished.result();
    await ui.open(finished.workflowId);
    await ui.page.getByText('"answer"').first().waitFor();
    await shoot('session-finished.png');
    const exported = await new DeepResearchClient({ client: sessions.client }).attach(finished.workflowId);
    const file = join(stateDir, 'exported.html');
    writeFileSync(file, await exported.export('html'));
    await ui.page.setViewportSize({ width: 900, height: 1400 });
    await ui.page.goto(pathToFileURL(file).href);
    await ui.page.screenshot({ path: join(images, 'exported-page.png') });
    console.log('docs/images/exported-page.png');
  } finally {
    await ui.close();
  }
} finally {
  await sessions.close();
  await server.stop();
  rmSync(stateDir, { recursive: true, force: true });
}
