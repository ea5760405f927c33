import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cliScript, fakeMachine, fakeService, goBuilds, VERSION_LINE } from './temporal-cli-fakes.ts';

type Machine = ReturnType<typeof fakeMachine>;

function archiveOf(machine: Machine, script: string): Buffer {
  writeFileSync(machine.at('temporal'), script);
  execFileSync('tar', ['-czf', machine.at('a.tar.gz'), '-C', machine.at('.'), 'temporal']);
  return readFileSync(machine.at('a.tar.gz'));
}

const release = (origin: string, file = 'temporal') =>
  JSON.stringify({ archiveUrl: `${origin}/a.tar.gz`, fileToExtract: file });

describe('downloading the Temporal CLI', () => {
  it('asks for the pinned release for this machine and unpacks it into the cache', async () => {
    const machine = fakeMachine();
    machine.go('exit 1');
    const archive = archiveOf(machine, cliScript());
    const service = await fakeService((path, origin) => (path.startsWith('/cli/') ? release(origin) : archive));
    expect(await machine.find({ downloadService: service.origin })).toEqual({
      path: machine.cached,
      how: 'download',
      version: VERSION_LINE,
    });
    expect(service.asked).toEqual([
      expect.stringMatching(/^\/cli\/v1\.5\.1\?platform=(linux|darwin)&arch=(amd64|arm64)&format=tar\.gz$/),
      '/a.tar.gz',
    ]);
    expect(readdirSync(machine.bin).sort()).toEqual(['temporal-1.5.1', 'temporal-1.5.1.lock']);
    expect(await machine.find()).toMatchObject({ how: 'cache' });
  });

  it.each<[string, (path: string, origin: string, good: Buffer) => Buffer | string | number | undefined, RegExp]>([
    ['refuses', () => 503, /a download: 127\.0\.0\.1:\d+ answers with status 503/],
    ['is silent', () => undefined, /a download: .*[Tt]imeout/],
    ['talks nonsense', () => '{"archiveUrl":7}', /a download: /],
    ['names a file outside', (_, origin) => release(origin, '../../etc/passwd'), /a download: /],
    ['names an archive elsewhere', () => release('https://127.0.0.1:9'), /a download: the archive's URL is not http:/],
    ['has no archive', (path, origin) => (path.startsWith('/cli/') ? release(origin) : 404), /a download: .*404/],
    [
      'cuts the archive off',
      (path, origin, good) => (path.startsWith('/cli/') ? release(origin) : good.subarray(0, 60)),
      /a download: .*tar/,
    ],
  ])('fails fast with a reason and goes on to building when the service %s', async (_, answer, reason) => {
    const machine = fakeMachine();
    const archive = archiveOf(machine, cliScript());
    const service = await fakeService((path, origin) => answer(path, origin, archive));
    const options = { downloadService: service.origin, downloadAnswerLimitMs: 1_000 };
    await expect(machine.find(options)).rejects.toThrow(reason);
    expect(readdirSync(machine.bin)).toEqual(['temporal-1.5.1.lock']);
    machine.go(goBuilds);
    expect(await machine.find(options)).toMatchObject({ how: 'build' });
  });

  it('does not keep what does not run', async () => {
    const machine = fakeMachine();
    const archive = archiveOf(machine, '#!/bin/sh\necho wrong architecture >&2; exit 1\n');
    const service = await fakeService((path, origin) => (path.startsWith('/cli/') ? release(origin) : archive));
    await expect(machine.find({ downloadService: service.origin })).rejects.toThrow(/a download: .*wrong architecture/);
    expect(readdirSync(machine.bin)).toEqual(['temporal-1.5.1.lock']);
  });
});
