import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { stateFolderAt } from '../../local/state-folder.ts';
import { startDevServer } from '../../local/temporal/dev-server.ts';
import { findTemporalCli } from '../../local/temporal/find-cli.ts';
import { findServers, terminateServer } from '../../local/temporal/server-process.ts';

/** A machine without the CLI builds it once. */
const GET_CLI_MS = 45 * 60_000;

export type Started = { address: string; uiUrl: string; pid: number; adopted: boolean };

/** Gets the CLI for a file's tests, hands out state folders, and ends whatever is left of them after each test. */
export function devServerTests() {
  let cli: string;
  const folders: string[] = [];
  const users: ChildProcess[] = [];

  beforeAll(async () => {
    cli = (await findTemporalCli({ onProgress: (line) => console.log(line) })).path;
  }, GET_CLI_MS);

  async function cleanUp() {
    for (const user of users.splice(0)) {
      if (user.exitCode === null && user.signalCode === null) {
        user.kill('SIGKILL');
        await once(user, 'exit');
      }
    }
    for (const folder of folders.splice(0)) {
      const { temporalDb } = stateFolderAt(folder);
      for (const { pid } of findServers(temporalDb)) await terminateServer(pid, temporalDb, 5_000);
      rmSync(folder, { recursive: true, force: true });
    }
  }
  afterEach(cleanUp);
  afterAll(cleanUp);

  return {
    cli: () => cli,
    newFolder() {
      const folder = mkdtempSync(path.join(tmpdir(), 'dev server-'));
      folders.push(folder);
      return folder;
    },
    /** Any free ports, so that nothing else on the machine meets the server of a test. */
    start: (stateDir: string, more: object = {}) => startDevServer({ stateDir, cli, port: 0, uiPort: 0, ...more }),
    /** A process of its own that uses the server. */
    async startUser(stateDir: string) {
      const script = fileURLToPath(new URL('dev-server-user.ts', import.meta.url));
      const child = spawn(process.execPath, [script, stateDir, cli], { stdio: ['pipe', 'pipe', 'inherit'] });
      users.push(child);
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const next = async () => JSON.parse((await lines.next()).value ?? 'null');
      const server: Started = await next();
      return {
        child,
        server,
        async stop(): Promise<string> {
          child.stdin.end('stop\n');
          return next();
        },
      };
    },
  };
}

export async function withClient<T>(address: string, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

/** Starts a workflow that no worker serves: it stays running for as long as the database knows it. */
export async function startOpenWorkflow(address: string, workflowId: string): Promise<void> {
  await withClient(address, (client) => client.workflow.start('deepResearch', { workflowId, taskQueue: 'nobody' }));
}

export async function workflowStatus(address: string, workflowId: string): Promise<string> {
  return withClient(address, async (client) => (await client.workflow.getHandle(workflowId).describe()).status.name);
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
