import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stateFolderAt } from '../../local/state-folder.ts';
import { findServers } from '../../local/temporal/server-process.ts';
import { devServerTests, isRunning, startOpenWorkflow, workflowStatus } from './dev-server-setup.ts';

const { newFolder, start, startUser } = devServerTests();

const serversOf = (folder: string) => findServers(stateFolderAt(folder).temporalDb);

describe('users of one dev server', () => {
  it('start it once when they come at the same moment, and the last one stops it', async () => {
    const folder = newFolder();
    const users = await Promise.all([startUser(folder), startUser(folder), startUser(folder)]);
    expect(new Set(users.map(({ server }) => server.pid)).size).toBe(1);
    expect(users.filter(({ server }) => !server.adopted)).toHaveLength(1);
    expect(serversOf(folder)).toHaveLength(1);

    // The one that started it leaves first.
    users.sort((a, b) => Number(a.server.adopted) - Number(b.server.adopted));
    const [starter, second, last] = users;
    expect(await starter!.stop()).toBe('kept');
    expect(await second!.stop()).toBe('kept');
    expect(isRunning(last!.server.pid)).toBe(true);
    expect(await last!.stop()).toBe('stopped');
    expect(serversOf(folder)).toEqual([]);
  });

  it('leave a server behind when killed, which the next adopts with its sessions and stops', async () => {
    const folder = newFolder();
    const killed = await startUser(folder);
    await startOpenWorkflow(killed.server.address, 'survivor');
    killed.child.kill('SIGKILL');
    await once(killed.child, 'exit');

    const next = await start(folder);
    expect(next).toMatchObject({ adopted: true, pid: killed.server.pid, address: killed.server.address });
    expect(await workflowStatus(next.address, 'survivor')).toBe('RUNNING');
    expect(await next.stop()).toBe('stopped');
    await next.exited;
    expect(serversOf(folder)).toEqual([]);
  });

  it('do not count once they are killed', async () => {
    const folder = newFolder();
    const own = await start(folder);
    const killed = await startUser(folder);
    expect(readdirSync(stateFolderAt(folder).temporalUsers)).toHaveLength(2);
    killed.child.kill('SIGKILL');
    await once(killed.child, 'exit');
    expect(await own.stop()).toBe('stopped');
    expect(readdirSync(stateFolderAt(folder).temporalUsers)).toEqual([]);
  });

  it('may be two in one process', async () => {
    const folder = newFolder();
    const first = await start(folder);
    const second = await start(folder);
    expect([first.adopted, second.adopted]).toEqual([false, true]);
    expect(await first.stop()).toBe('kept');
    expect(await second.stop()).toBe('stopped');
    expect(await first.exited).toEqual({ code: 0, signal: null });
    expect(await second.exited).toEqual({ code: null, signal: null });
  });

  it('start one of which the process group is not theirs, so that Ctrl-C ends the users first', async () => {
    const user = await startUser(newFolder());
    expect(() => process.kill(-user.server.pid, 0)).not.toThrow();
    expect(await user.stop()).toBe('stopped');
  });
});
