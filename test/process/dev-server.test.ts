import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { stateFolderAt } from '../../local/state-folder.ts';
import { choosePort } from '../../local/temporal/ports.ts';
import { devServerTests, isRunning, startOpenWorkflow, withClient, workflowStatus } from './dev-server-setup.ts';

const { cli, newFolder, start } = devServerTests();

const port = (address: string) => Number(address.split(':').at(-1));

describe('the dev server', () => {
  it('has the namespace with 30 days of retention and the search attributes, serves the Web UI, and stops', async () => {
    const server = await start(newFolder());
    await withClient(server.address, async ({ connection }) => {
      const namespace = await connection.workflowService.describeNamespace({ namespace: 'default' });
      expect(Number(namespace.config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 86_400);
      const known = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
      expect(known.customAttributes).toMatchObject({ ResearchState: 2, ResearchRounds: 3, ResearchBatch: 2 });
    });
    expect((await fetch(server.uiUrl)).status).toBe(200);

    expect(await server.stop()).toBe('stopped');
    expect(await server.stop()).toBe('stopped');
    expect(await server.exited).toEqual({ code: 0, signal: null });
    await expect(withClient(server.address, async () => 'answers')).rejects.toThrow();
  });

  it('keeps its sessions and ports when it is killed and started again', async () => {
    const folder = newFolder();
    const first = await start(folder);
    await startOpenWorkflow(first.address, 'survivor');
    process.kill(first.pid, 'SIGKILL');
    expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });

    const second = await start(folder);
    expect(second).toMatchObject({ address: first.address, uiUrl: first.uiUrl, adopted: false });
    expect(second.pid).not.toBe(first.pid);
    expect(await workflowStatus(second.address, 'survivor')).toBe('RUNNING');
  });

  it('moves to other ports when its own are taken, and refuses a named port that is taken', async () => {
    const folder = newFolder();
    const first = await start(folder);
    await first.stop();
    const other = createServer();
    other.listen(port(first.address), '127.0.0.1');
    await once(other, 'listening');
    try {
      await expect(start(folder, { port: port(first.address) })).rejects.toThrow(
        `Port ${port(first.address)} on 127.0.0.1 is in use`,
      );
      const second = await start(folder);
      expect(second.address).not.toBe(first.address);
      expect(second.uiUrl).toBe(first.uiUrl);
    } finally {
      other.close();
    }
  });

  it('ends a running server that is silent and starts anew on its database', async () => {
    const folder = newFolder();
    const first = await start(folder);
    await startOpenWorkflow(first.address, 'survivor');
    process.kill(first.pid, 'SIGSTOP');
    const second = await start(folder, { silentLimitMs: 2_000, stopGraceMs: 500 });
    expect(second.adopted).toBe(false);
    expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await workflowStatus(second.address, 'survivor')).toBe('RUNNING');
  });

  it('does not touch another process that has the recorded pid', async () => {
    const folder = newFolder();
    const first = await start(folder);
    await first.stop();
    const bystander: ChildProcess = spawn('sleep', ['600']);
    try {
      const file = stateFolderAt(folder).temporalRecord;
      const record = JSON.parse(readFileSync(file, 'utf8'));
      writeFileSync(file, JSON.stringify({ ...record, pid: bystander.pid }));
      const second = await start(folder);
      expect(second.adopted).toBe(false);
      await second.stop();
      expect(isRunning(bystander.pid!)).toBe(true);
      expect(bystander.exitCode).toBeNull();
    } finally {
      bystander.kill();
    }
  });

  it.each(['not JSON', '{"pid":1}'])('starts although its record is spoiled: %s', async (text) => {
    const folder = newFolder();
    writeFileSync(stateFolderAt(folder).temporalRecord, text);
    const server = await start(folder);
    expect(await server.stop()).toBe('stopped');
  });

  it('finds the running server through a symbolic link to its folder, without the record', async () => {
    const [folder, links] = [newFolder(), newFolder()];
    const first = await start(folder);
    writeFileSync(stateFolderAt(folder).temporalRecord, '');
    const link = path.join(links, 'link');
    symlinkSync(folder, link);
    const second = await start(link);
    expect(second).toMatchObject({ adopted: true, pid: first.pid, address: first.address, uiUrl: first.uiUrl });
  });

  it('fails with the end of its log on a file that is no database, and leaves nothing behind', async () => {
    const folder = newFolder();
    writeFileSync(stateFolderAt(folder).temporalDb, 'no database'.repeat(1000));
    await expect(start(folder)).rejects.toThrow(/ended at its start[\s\S]+not a database/);
    expect(readdirSync(stateFolderAt(folder).temporalUsers)).toEqual([]);
  });

  it('takes other ports when its own are taken while it starts', async () => {
    const [folder, bin] = [newFolder(), newFolder()];
    const wrapper = path.join(bin, 'temporal');
    const taken = `echo x >> '${bin}/tries'; [ $(wc -l < '${bin}/tries') -gt 1 ] || { echo address already in use; exit 1; }`;
    writeFileSync(wrapper, `#!/bin/sh\n${taken}\nexec '${cli()}' "$@"\n`, { mode: 0o755 });
    const server = await start(folder, { cli: wrapper });
    expect(readFileSync(path.join(bin, 'tries'), 'utf8')).toBe('x\nx\n');
    expect(await server.stop()).toBe('stopped');
  });

  it('is not mistaken for the server of another folder that took its port a moment sooner', async () => {
    const port = await choosePort([0]);
    const late = path.join(newFolder(), 'temporal');
    writeFileSync(late, `#!/bin/sh\ntouch '${path.dirname(late)}/begun'\nsleep 3\nexec '${cli()}' "$@"\n`, {
      mode: 0o755,
    });
    const begun = path.join(path.dirname(late), 'begun');
    const slow = start(newFolder(), { port, cli: late }).then(
      () => 'started',
      (error: Error) => error.message,
    );
    await vi.waitFor(() => expect(existsSync(begun)).toBe(true), 10_000);
    const quick = await start(newFolder(), { port });
    expect(await slow).toContain(`Port ${port} on 127.0.0.1 is in use`);
    expect(await quick.stop()).toBe('stopped');
  });

  it('names a CLI that cannot be run', async () => {
    await expect(start(newFolder(), { cli: '/nowhere/temporal' })).rejects.toThrow('/nowhere/temporal cannot be run');
  });
});
