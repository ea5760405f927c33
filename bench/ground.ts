import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { connectTemporal } from '../client/connect.ts';
import { type DevServer, startDevServer } from '../local/temporal/dev-server.ts';
import { findTemporalCli } from '../local/temporal/find-cli.ts';

/** A Temporal server, and the processes whose processor time is its own. */
export interface Ground {
  client: Client;
  address: string;
  serverPids: readonly number[];
}

/** A dev server with local mode's settings, unless there is a server. */
export async function openGround(
  { address, serverPid }: { address?: string; serverPid: number[] },
  say: (line: string) => void,
): Promise<{ ground: Ground; server: string; stop: () => Promise<void> }> {
  if (address !== undefined) {
    const { client, close } = await connectTemporal({ address });
    return { ground: { client, address, serverPids: serverPid }, server: `Temporal at ${address}`, stop: close };
  }
  const folder = mkdtempSync(join(tmpdir(), 'deep-research-bench-'));
  const cli = await findTemporalCli({ onProgress: say });
  const server = await startDevServer({ stateDir: folder, cli: cli.path, port: 0, uiPort: 0 });
  endAtExit(server);
  const { client, close } = await connectTemporal({ address: server.address });
  return {
    ground: { client, address: server.address, serverPids: [server.pid] },
    server: cli.version,
    async stop() {
      await close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A dev server outlives the process that started it, but not a measurement. */
export function endAtExit({ pid, exited }: Pick<DevServer, 'pid' | 'exited'>): void {
  const end = () => process.kill(pid, 'SIGTERM');
  process.once('exit', end);
  void exited.then(() => process.off('exit', end));
}
