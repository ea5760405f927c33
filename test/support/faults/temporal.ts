import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stateFolderAt } from '../../../local/state-folder.ts';
import { startDevServer } from '../../../local/temporal/dev-server.ts';
import { findTemporalCli } from '../../../local/temporal/find-cli.ts';
import { findServers, terminateServer } from '../../../local/temporal/server-process.ts';

/** A Temporal server that is ended and started again, with its state, at its address. */
export interface FaultyTemporal {
  address: string;
  /** Ends it with this signal, and resolves when it serves again. */
  restart(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** SIGKILL of its database's first process; only where that is one of its own. */
  killDatabase?(): Promise<void>;
  close(): Promise<void>;
}

export async function startFaultyDevServer(): Promise<FaultyTemporal> {
  const stateDir = mkdtempSync(join(tmpdir(), 'faulty-temporal-'));
  const { path: cli } = await findTemporalCli({ onProgress: (line) => console.log(line) });
  // On the ports of the one before, where workers and clients look for it.
  const start = () => startDevServer({ stateDir, cli, port: 0, uiPort: 0 });
  let server = await start();
  return {
    address: server.address,
    async restart(signal) {
      process.kill(server.pid, signal);
      await server.exited;
      server = await start();
    },
    async close() {
      // Not `stop`: the uses of the servers that were ended still count in this process.
      const { temporalDb } = stateFolderAt(stateDir);
      for (const { pid } of findServers(temporalDb)) await terminateServer(pid, temporalDb, 5_000);
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
