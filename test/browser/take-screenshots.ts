import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { DeepResearchClient } from '../../client/index.ts';
import { startDevServer } from '../../local/temporal/dev-server.ts';
import { findTemporalCli } from '../../local/temporal/find-cli.ts';
import { WORKFLOW } from '../../protocol/names.ts';
import { eventually, openSessions, played, statusOf } from '../support/sessions.ts';
import { openWebUi } from '../support/web-ui.ts';

/** `npm run screenshots`: what docs/web-ui.md and docs/exports.md show, into docs/images. */
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
  /** With few colours, for the repository: a page of text needs no more. */
  const keep = async (name: string) => {
    const { length } = await ui.page
      .screenshot()
      .then((png) => sharp(png).png({ palette: true, colours: 64, effort: 10, compressionLevel: 9 }).toBuffer())
      .then((png) => {
        writeFileSync(join(images, name), png);
        return png;
      });
    console.log(`docs/images/${name}: ${length} bytes`);
  };
  const shoot = async (name: string) => {
    await ui.page.getByTestId('input-and-result').getByText(question).first().waitFor();
    await keep(name);
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

    // A call of it, opened in its history.
    await ui.page.setViewportSize({ width: 1400, height: 900 });
    await ui.page
      .getByRole('tab', { name: 'Compact' })
      .or(ui.page.getByText('Compact', { exact: true }))
      .first()
      .click();
    await ui.page.getByText('visit', { exact: true }).last().waitFor();
    await ui.page.getByText('visit', { exact: true }).last().click();
    await keep('call-opened.png');

    // One that waits for approval, with the dialog that decides.
    const command = 'python3 skills/csv-profile/scripts/profile.py sales.csv';
    const research = new DeepResearchClient({ client: sessions.client });
    const waiting = await research.start(
      played(
        {
          script: [
            { name: 'search', arguments: { query: ['sales 2025'] } },
            { name: 'bash', arguments: { command } },
          ],
        },
        { question: 'Which quarter sold best?', approve: ['bash'] },
      ),
      { id: 'sales-quarters' },
    );
    await eventually('a call waits', async () => (await waiting.status()).state === 'approval');
    await ui.open(waiting.id, 'user-metadata');
    await ui.page.frameLocator('iframe').last().getByText('waits for approval').first().waitFor();
    await keep('session-waits.png');
    const dialog = await ui.fillUpdate(
      'approve',
      '{"callId": "r2c1", "approved": false, "reason": "Sum it up in a query instead."}',
    );
    await dialog.getByRole('button', { name: 'Submit' }).waitFor();
    await keep('approve-dialog.png');
    await dialog.getByRole('button', { name: 'Cancel' }).last().click();

    // The lists.
    const batch = await sessions.start(
      {
        rows: ['How is a Pool made?', 'What is a Dispatcher?', 'How are retries set?', 'What does a MockAgent do?'].map(
          (text, index) => ({ id: String(index + 1), question: text }),
        ),
        window: 2,
        model: { extraBody: { rehearsal: { rounds: 12, replyDelayMs: 400 } } },
      },
      'undici-questions',
      WORKFLOW.batch,
    );
    await eventually(
      'two of the batch are done',
      async () => (await ui.list(`ResearchBatch = "undici-questions" AND ExecutionStatus = "Completed"`)).length >= 2,
      300_000,
    );
    for (const [name, query] of [
      [
        'Waiting for me',
        'WorkflowType = "deepResearch" AND ExecutionStatus = "Running" AND ResearchState = "approval"',
      ],
      [
        'Held by a model server',
        'WorkflowType = "deepResearch" AND ExecutionStatus = "Running" AND ResearchState = "holding"',
      ],
      ['All sessions', 'WorkflowType = "deepResearch"'],
    ] as const) {
      await ui.list(query);
      await ui.saveView(name);
    }
    await keep('sessions-list.png');
    await ui.list('ResearchBatch = "undici-questions"');
    await keep('batch-list.png');
    await batch.terminate();
    await waiting.cancel();
    const exported = await new DeepResearchClient({ client: sessions.client }).attach(finished.workflowId);
    const file = join(stateDir, 'exported.html');
    writeFileSync(file, await exported.export('html'));
    await ui.page.setViewportSize({ width: 900, height: 1400 });
    await ui.page.goto(pathToFileURL(file).href);
    await keep('exported-page.png');
  } finally {
    await ui.close();
  }
} finally {
  await sessions.close();
  await server.stop();
  rmSync(stateDir, { recursive: true, force: true });
}
