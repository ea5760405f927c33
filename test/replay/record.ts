/**
 * Records the histories that the replay test keeps: `npm run record-histories -- [NAME …]` records those shapes; without
 * a name, the ones that have no file yet. An existing history is only replaced when it is named.
 */
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { startDevServer } from '../../local/temporal/dev-server.ts';
import { findTemporalCli } from '../../local/temporal/find-cli.ts';
import { openSessions } from '../support/sessions.ts';
import { SHAPES } from './shapes.ts';

const CORPUS = fileURLToPath(new URL('../fixtures/corpus', import.meta.url));
/** Events after which the server suggests a new run. */
const SHORT = { 'limit.historyCount.suggestContinueAsNew': 60 };

const fileOf = (name: string, run: number) =>
  fileURLToPath(new URL(`histories/${name}${run ? `.run-${run + 1}` : ''}.json`, import.meta.url));

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** One event a line, without what tells of the machine it was recorded on. */
function textOf(history: History): string {
  const { events } = JSON.parse(historyToJSON(history));
  const lines = events.map((event: object) => JSON.stringify(event));
  return `{"events":[\n${lines.join(',\n')}\n]}\n`
    .replaceAll(hostname(), 'host')
    .replaceAll(ROOT, '')
    .replace(/\/[\w./-]*node_modules\//g, 'node_modules/');
}

async function record(names: string[], dynamicConfig: Record<string, number>): Promise<void> {
  if (names.length === 0) return;
  const stateDir = mkdtempSync(join(tmpdir(), 'record-histories-'));
  const { path: cli } = await findTemporalCli({ onProgress: console.log });
  // A copy, for the path of the documents is in the history.
  const corpus = join(stateDir, 'corpus');
  cpSync(CORPUS, corpus, { recursive: true });
  const server = await startDevServer({ stateDir, cli, port: 0, uiPort: 0, dynamicConfig });
  const sessions = await openSessions({ server, taskQueue: 'deep-research' });
  try {
    await sessions.work({
      DEEP_RESEARCH_CORPUS_DIR: corpus,
      DEEP_RESEARCH_HOST_LOST_SECONDS: '5',
    });
    for (const name of names) {
      const shape = SHAPES[name];
      if (!shape) throw new Error(`There is no shape "${name}"; there are ${Object.keys(SHAPES).join(', ')}.`);
      sessions.model.faults.clear();
      await shape.arrange?.(sessions);
      const session = await sessions.start(shape.input, name, shape.type);
      await shape.drive?.(session, sessions);
      const outcome = await session.result().then(
        ({ stopReason }) => stopReason,
        (error: Error) => (error.cause as Error | undefined)?.message ?? error.message,
      );
      const id = shape.child ?? name;
      let runId: string | undefined = shape.child
        ? (await sessions.client.workflow.getHandle(id).describe()).runId
        : session.firstExecutionRunId;
      for (let run = 0; runId; run += 1) {
        const history = await sessions.client.workflow.getHandle(id, runId).fetchHistory();
        writeFileSync(fileOf(name, run), textOf(history));
        console.log(`${fileOf(name, run)}: ${history.events?.length} events, ${outcome}`);
        runId = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
      }
    }
  } finally {
    await sessions.close();
    await server.stop();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

const named = process.argv.slice(2);
const wanted = named.length ? named : Object.keys(SHAPES).filter((name) => !existsSync(fileOf(name, 0)));
await record(
  wanted.filter((name) => !SHAPES[name]?.shortHistory),
  {},
);
await record(
  wanted.filter((name) => SHAPES[name]?.shortHistory),
  SHORT,
);
