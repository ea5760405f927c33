import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cacheFolder } from '../../local/temporal/find-cli.ts';
import { cliScript, fakeMachine, goBuilds, VERSION_LINE } from './temporal-cli-fakes.ts';

describe('finding the Temporal CLI', () => {
  it('takes what TEMPORAL_CLI_PATH names, before any other', async () => {
    const machine = fakeMachine();
    machine.command('temporal', cliScript());
    const file = machine.command('other', cliScript('temporal version 1.3.0 (Server 1.27.1, UI 2.36.0)'));
    machine.env.TEMPORAL_CLI_PATH = file;
    expect(await machine.find()).toEqual({
      path: file,
      how: 'environment',
      version: 'temporal version 1.3.0 (Server 1.27.1, UI 2.36.0)',
    });
  });

  it('does not look further when TEMPORAL_CLI_PATH names nothing usable', async () => {
    const machine = fakeMachine();
    machine.command('temporal', cliScript());
    machine.env.TEMPORAL_CLI_PATH = machine.at('nothing');
    await expect(machine.find()).rejects.toThrow(/^TEMPORAL_CLI_PATH must name a working Temporal CLI: .*nothing/);
  });

  it('takes `temporal` from the PATH before the cache', async () => {
    const machine = fakeMachine();
    const file = machine.command('temporal', cliScript());
    machine.cache(cliScript());
    expect(await machine.find()).toEqual({ path: file, how: 'path', version: VERSION_LINE });
    expect(machine.progress).toEqual([]);
  });

  it.each([
    ['another program', cliScript('temporal: a calendar, version 3'), 'is not the Temporal CLI'],
    ['a broken one', '#!/bin/sh\necho no such library >&2; exit 127\n', 'no such library'],
    ['one with an old server', cliScript('temporal version 0.10.7 (server 1.22.0) (ui 2.17.2)'), 'holds server 1.22'],
  ])('passes over %s on the PATH to the cache, and tells why when there is nothing else', async (_, script, reason) => {
    const machine = fakeMachine();
    machine.command('temporal', script);
    await expect(machine.find()).rejects.toThrow(reason);
    machine.cache(cliScript());
    expect(await machine.find()).toEqual({ path: machine.cached, how: 'cache', version: VERSION_LINE });
  });

  it('makes a broken one in the cache anew', async () => {
    const machine = fakeMachine();
    machine.cache('#!/bin/sh\nexit 1\n');
    machine.go(goBuilds);
    expect(await machine.find()).toMatchObject({ path: machine.cached, how: 'build' });
    expect(await machine.find()).toMatchObject({ path: machine.cached, how: 'cache' });
    expect(readFileSync(machine.cached, 'utf8')).toBe(cliScript());
  });

  it('says all that it tried and how to mend it', async () => {
    const machine = fakeMachine();
    const error = await machine.find().catch((thrown: Error) => thrown);
    const lines = (error as Error).message.split('\n');
    expect(lines).toEqual([
      expect.stringContaining('There is no Temporal CLI'),
      '- `temporal` on the PATH: there is no `temporal` command',
      `- the cache: ${machine.cached} is not there`,
      expect.stringMatching(/^- a download: .*ECONNREFUSED/),
      '- building it: there is no `go` command',
      expect.stringMatching(/Install the Temporal CLI .* or Go .* or set TEMPORAL_ADDRESS/),
    ]);
    expect(readdirSync(machine.bin)).toEqual(['temporal-1.5.1.lock']);
  });

  it.each([
    [{ XDG_CACHE_HOME: '/x', HOME: '/h' }, '/x/temporal-deep-research'],
    [{ XDG_CACHE_HOME: 'relative', HOME: '/h' }, '/h/.cache/temporal-deep-research'],
    [{ HOME: '/h' }, '/h/.cache/temporal-deep-research'],
  ])('has its cache where %j puts it', (env, folder) => {
    expect(cacheFolder(env)).toBe(folder);
  });
});
