import { accessSync, constants } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';

/** Without sandbox, for tests run as root in containers; nothing that would ask the internet. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The stock Web UI of a Temporal server in a headless browser, as a person uses it. */
export interface WebUi {
  page: Page;
  /** Fills the form "Start a Workflow" and sends it. Ends when the workflow is started. */
  start(form: { workflowId: string; taskQueue: string; type: string; input: string }): Promise<void>;
  /** Opens a workflow's page, at one of its tabs (`history`, `queries`, `user-metadata`, …). */
  open(workflowId: string, tab?: string): Promise<void>;
  /** Runs a query in the tab "Queries" of the open workflow; the result as it is shown. */
  query(name: string): Promise<string>;
  /** "Send an Update" from the open workflow's menu. Ends when the dialog has closed. */
  update(name: string, data?: string): Promise<void>;
  /** The dialog of "Send an Update", filled in, before "Submit". */
  fillUpdate(name: string, data?: string): Promise<Locator>;
  /** The same for an update that is refused: the dialog's error; the dialog is closed. */
  refusedUpdate(name: string, data?: string): Promise<string>;
  /** "Request Cancellation", confirmed. */
  cancel(): Promise<void>;
  /** "Download" above the timeline; the file's text. */
  download(): Promise<string>;
  /** Ids in the list of workflows that a filter finds. */
  list(query: string): Promise<string[]>;
  /** Sets the endpoint under "Codec Server", as it is kept in the browser. */
  useCodecServer(url: string): Promise<void>;
  /** Keeps the list's filter under a name, among the saved views at its side. */
  saveView(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts the machine's Chromium with a profile of its own. */
export async function openWebUi(uiUrl: string): Promise<WebUi> {
  const browser = await launchChromium();
  try {
    return webUiIn(browser, await browser.newPage({ viewport: { width: 1400, height: 1000 } }), uiUrl);
  } catch (error) {
    await browser.close();
    throw error;
  }
}

export const launchChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: findChromium(), args: FLAGS, timeout: 60_000 });

/** @throws Error that says what to install */
function findChromium(): string {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const places = ['/usr/bin', ...folders].map((folder) => join(folder, 'chromium'));
  const found = places.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!found) throw new Error('No chromium in /usr/bin or the PATH: install it (Debian: apt-get install chromium).');
  return found;
}

function webUiIn(browser: Browser, page: Page, uiUrl: string): WebUi {
  // Others load the machine; what does not come in a minute does not come.
  page.setDefaultTimeout(60_000);
  const workflows = `${uiUrl}/namespaces/default/workflows`;

  /** Ends with the dialog filled in, before "Submit". */
  async function fillUpdate(name: string, data?: string): Promise<Locator> {
    await page.getByRole('button', { name: 'More Actions' }).click();
    await visible(page.getByTestId('update-button')).click();
    const dialog = visible(page.getByRole('dialog', { name: 'Send an Update' }));
    await visible(dialog.getByTestId('update-select-button')).click();
    await dialog.getByRole('option', { name: new RegExp(`^${name}\\b`) }).click();
    if (data !== undefined) await writeJson(dialog, data);
    return dialog;
  }

  return {
    page,
    fillUpdate,
    async start(form) {
      await page.goto(`${workflows}/start-workflow`);
      await page.getByLabel('Workflow ID').fill(form.workflowId);
      await page.getByLabel('Task Queue').fill(form.taskQueue);
      await page.getByLabel('Workflow Type').fill(form.type);
      await writeJson(page.getByRole('main'), form.input);
      const answered = page.waitForResponse((response) => response.request().method() === 'POST');
      await page.getByRole('main').getByRole('button', { name: 'Start Workflow' }).click();
      const response = await answered;
      if (!response.ok()) throw new Error(`The form's request failed: ${response.status()} ${await response.text()}`);
    },
    async open(workflowId, tab) {
      await page.goto(`${workflows}/${encodeURIComponent(workflowId)}`);
      await page.getByRole('heading', { name: workflowId }).waitFor();
      if (tab) await page.getByTestId(`${tab}-tab`).click();
    },
    async query(name) {
      await page.getByTestId('queries-tab').click();
      await visible(page.getByTestId('query-select-button')).click();
      await page.getByRole('option', { name: new RegExp(`^${name}\\b`) }).click();
      const answered = page.waitForResponse((response) => new URL(response.url()).pathname.endsWith(`/query/${name}`));
      await page.getByRole('button', { name: /^(Run|Refresh) Query$/ }).click();
      await (await answered).finished();
      const result = page.getByTestId('query-result');
      await result.filter({ hasText: /\S/ }).waitFor();
      return result.innerText();
    },
    async update(name, data) {
      const dialog = await fillUpdate(name, data);
      await dialog.getByRole('button', { name: 'Submit' }).click();
      await dialog.waitFor({ state: 'hidden' });
    },
    async refusedUpdate(name, data) {
      const dialog = await fillUpdate(name, data);
      await dialog.getByRole('button', { name: 'Submit' }).click();
      const error = await dialog.getByRole('alert').innerText();
      await dialog.getByRole('button', { name: 'Cancel' }).last().click();
      return error;
    },
    async cancel() {
      await page.getByRole('button', { name: 'Request Cancellation' }).first().click();
      const dialog = visible(page.getByRole('dialog'));
      await dialog.getByRole('button', { name: 'Confirm' }).click();
      await dialog.waitFor({ state: 'hidden' });
    },
    async download() {
      await page.getByTestId('history-tab').click();
      const downloading = page.waitForEvent('download');
      await page.getByTestId('download').click();
      const dialog = visible(page.getByRole('dialog'));
      if (await dialog.isVisible()) await dialog.getByRole('button', { name: 'Download' }).click();
      return readFile(await (await downloading).path(), 'utf8');
    },
    async list(query) {
      const answered = page.waitForResponse((response) =>
        /^\/api\/.*\/workflows$/.test(new URL(response.url()).pathname),
      );
      await page.goto(`${workflows}?query=${encodeURIComponent(query)}`);
      const answer = await answered;
      if (!answer.ok()) throw new Error(`The list cannot be had: ${answer.status()} ${await answer.text()}`);
      const { executions = [] } = (await answer.json()) as {
        executions?: { execution: { workflowId: string } }[];
      };
      const ids = executions.map(({ execution }) => execution.workflowId);
      for (const id of ids) await page.getByRole('main').getByText(id).first().waitFor();
      return ids;
    },
    async useCodecServer(url) {
      await page.goto(workflows);
      await page.getByTestId('data-encoder-status').click();
      const endpoint = visible(page.getByTestId('data-encoder-endpoint-input'));
      await endpoint.fill(url);
      await visible(page.getByTestId('confirm-data-encoder-button')).click();
      await endpoint.waitFor({ state: 'hidden' });
    },
    async saveView(name) {
      await visible(page.getByRole('button', { name: 'Save as New' }))
        .first()
        .click();
      const dialog = visible(page.getByRole('dialog'));
      await dialog.getByRole('textbox').fill(name);
      await dialog.getByRole('button', { name: /^Save/ }).click();
      await dialog.waitFor({ state: 'hidden' });
    },
    close: () => browser.close(),
  };
}

/** The page keeps every menu's and dialog's parts twice, for wide and for narrow windows. */
const visible = (locator: Locator): Locator => locator.locator('visible=true');

/** Fills the field for JSON, which has no label. */
async function writeJson(part: Locator, json: string): Promise<void> {
  const field = visible(part.locator('[role=textbox][contenteditable=true]')).first();
  await field.fill(json);
  // It lays the JSON out when it is left and grows: the button below would move away under the mouse.
  await field.blur();
}
