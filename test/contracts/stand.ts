import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { startDevServer } from '../../local/temporal/dev-server.ts';
import { findTemporalCli } from '../../local/temporal/find-cli.ts';
import { modelCalls, openSessions, type SessionHandle, type Sessions } from '../support/sessions.ts';
import type { Request } from './checks.ts';
import { CORPUS, SHORT } from './rich-session.ts';

/** Sessions on a server of their own, which suggests a new run after few events. */
export interface Stand extends Sessions {
  /** What the code of a session has left, in order. */
  effects(id: string): string[];
  /** Its requests to the model, in order. */
  requests(id: string): Promise<Request[]>;
  /** Of each of its runs, from the first. */
  histories(session: SessionHandle): Promise<History[]>;
}

export async function openStand(): Promise<Stand> {
  const folder = mkdtempSync(join(tmpdir(), 'contracts-'));
  const { path: cli } = await findTemporalCli({ onProgress: (line) => console.log(line) });
  const server = await startDevServer({ stateDir: folder, cli, port: 0, uiPort: 0, dynamicConfig: SHORT });
  const sessions = await openSessions({ server });
  const { client, stateDir } = sessions;

  async function histories({ workflowId, firstExecutionRunId }: SessionHandle): Promise<History[]> {
    const runs: History[] = [];
    for (let runId: string | null | undefined = firstExecutionRunId; runId; ) {
      const history: History = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      runs.push(history);
      runId = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
    }
    return runs;
  }

  return {
    ...sessions,
    work: (env) => sessions.work({ DEEP_RESEARCH_CORPUS_DIR: CORPUS, ...env }),
    histories,
    effects(id) {
      const log = join(stateDir, 'effects.log');
      const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
      return lines.flatMap((line) => (line.startsWith(`${id}-`) ? [line.split(' ')[1] as string] : []));
    },
    async requests(id) {
      const runs = new Set<string>();
      for await (const { runId } of client.workflow.list({ query: `WorkflowId = '${id}'` })) runs.add(runId);
      return (
        modelCalls(sessions)
          .filter(({ requestId = '' }) => [...runs].some((runId) => requestId.startsWith(runId)))
          // A reply that goes on from its last token is asked for as tokens.
          .flatMap(({ body }) => {
            const { messages } = body as { messages?: Sent[] };
            return messages ? [messages.map(plain)] : [];
          })
      );
    },
    async close() {
      await sessions.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Sent {
  role: string;
  content: string | { text: string }[];
}

/** A message as the session has it; the API may carry its text in parts. */
function plain({ role, content }: Sent): string {
  const text = typeof content === 'string' ? content : content.map((part) => part.text).join('');
  return JSON.stringify({ role, content: text });
}
