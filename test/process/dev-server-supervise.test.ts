import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { stateFolderAt } from '../../local/state-folder.ts';
import { findServers } from '../../local/temporal/server-process.ts';
import {
  type SuperviseDevServerOptions,
  type SupervisorEvent,
  superviseDevServer,
} from '../../local/temporal/supervise.ts';
import { devServerTests, startOpenWorkflow, workflowStatus } from './dev-server-setup.ts';

const { cli, newFolder } = devServerTests();

const WAIT = { timeout: 180_000, interval: 100 };

async function supervise(folder: string, more: Pick<SuperviseDevServerOptions, 'health'> & { cli?: string } = {}) {
  const events: SupervisorEvent[] = [];
  const onEvent = (event: SupervisorEvent) => events.push(event);
  const server = await superviseDevServer({ stateDir: folder, cli: cli(), port: 0, uiPort: 0, onEvent, ...more });
  const seen = (type: SupervisorEvent['type']) => events.filter((event) => event.type === type);
  return { server, events, seen };
}

describe('a supervised dev server', () => {
  it('comes back at the same addresses with its sessions each time it is killed', async () => {
    const { server, seen } = await supervise(newFolder());
    const { address, uiUrl } = server;
    await startOpenWorkflow(address, 'survivor');
    for (const times of [1, 2]) {
      const killed = server.pid;
      process.kill(killed, 'SIGKILL');
      await vi.waitFor(() => expect(seen('restarted')).toHaveLength(times), WAIT);
      expect(seen('exited')[times - 1]).toEqual({ type: 'exited', pid: killed, code: null, signal: 'SIGKILL' });
      expect(server.pid).not.toBe(killed);
      expect(server).toMatchObject({ address, uiUrl });
      expect(await workflowStatus(address, 'survivor')).toBe('RUNNING');
    }
    expect(await server.stop()).toBe('stopped');
  });

  it('is ended and comes back when it hangs', async () => {
    const { server, seen } = await supervise(newFolder(), { health: { everyMs: 500, silent: 2 } });
    const { address, pid } = server;
    await startOpenWorkflow(address, 'survivor');
    process.kill(pid, 'SIGSTOP');
    await vi.waitFor(() => expect(seen('restarted')).toHaveLength(1), WAIT);
    expect(seen('beyond-use')).toEqual([{ type: 'beyond-use', pid, reason: 'it has not answered for 1 s' }]);
    expect(await workflowStatus(address, 'survivor')).toBe('RUNNING');
    expect(await server.stop()).toBe('stopped');
  });

  it('is not restarted once it is stopped', async () => {
    const folder = newFolder();
    const { server, events } = await supervise(folder);
    expect(await server.stop()).toBe('stopped');
    expect(await server.stop()).toBe('stopped');
    expect(events).toEqual([]);
    expect(findServers(stateFolderAt(folder).temporalDb)).toEqual([]);
  });

  it('is restarted by one of two supervisors and adopted by the other', async () => {
    const folder = newFolder();
    const both = [await supervise(folder), await supervise(folder)];
    process.kill(both[0]!.server.pid, 'SIGKILL');
    await vi.waitFor(() => expect(both.map(({ seen }) => seen('restarted').length)).toEqual([1, 1]), WAIT);
    expect(both[0]!.server.pid).toBe(both[1]!.server.pid);
    expect(findServers(stateFolderAt(folder).temporalDb)).toHaveLength(1);
    expect(await both[0]!.server.stop()).toBe('kept');
    expect(await both[1]!.server.stop()).toBe('stopped');
  });

  it('reports restarts that fail, goes on trying, and can be stopped meanwhile', async () => {
    const folder = newFolder();
    const wrapper = path.join(newFolder(), 'temporal');
    const write = (line: string) => {
      writeFileSync(wrapper, `#!/bin/sh\n${line}\n`);
      chmodSync(wrapper, 0o755);
    };
    write(`exec '${cli()}' "$@"`);
    const { server, seen } = await supervise(folder, { cli: wrapper });
    write('echo broken installation; exit 3');
    process.kill(server.pid, 'SIGKILL');
    await vi.waitFor(() => expect(seen('restart-failed').length).toBeGreaterThan(1), WAIT);
    const [failed] = seen('restart-failed') as Extract<SupervisorEvent, { error: Error }>[];
    expect(failed!.error.message).toMatch(/code 3[\s\S]+broken installation/);

    write(`exec '${cli()}' "$@"`);
    await vi.waitFor(() => expect(seen('restarted')).toHaveLength(1), WAIT);
    write('exit 3');
    process.kill(server.pid, 'SIGKILL');
    await vi.waitFor(() => expect(seen('exited')).toHaveLength(2), WAIT);
    expect(await server.stop()).toBe('stopped');
    expect(findServers(stateFolderAt(folder).temporalDb)).toEqual([]);
  });
});
