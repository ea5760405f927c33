import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { buildCli } from '../../local/temporal/cli-build.ts';
import { fakeMachine, goBuilds, VERSION_LINE } from './temporal-cli-fakes.ts';

const FIND = new URL('../../local/temporal/find-cli.ts', import.meta.url).href;

describe('building the Temporal CLI', () => {
  it('installs the pinned release into the cache, for this machine, whatever the environment targets', async () => {
    const machine = fakeMachine();
    machine.go(`[ -z "$GOOS$GOARCH" ] || exit 9\n${goBuilds}`);
    Object.assign(machine.env, { GOOS: 'plan9', GOARCH: 'mips' });
    expect(await machine.find()).toEqual({ path: machine.cached, how: 'build', version: VERSION_LINE });
    expect(readFileSync(machine.at('go.log'), 'utf8').trim()).toBe(
      'install -ldflags=-s -w github.com/temporalio/cli/cmd/temporal@v1.5.1',
    );
    expect(readdirSync(machine.bin).sort()).toEqual(['temporal-1.5.1', 'temporal-1.5.1.lock']);
    expect(machine.progress).toEqual([expect.stringMatching(/^Building .*about 5 minutes/)]);
  });

  it.each([
    [
      'go fails',
      'echo compiling >&2; echo "module needs go 9" >&2; exit 2',
      /building it: go install .* code 2: .*\n.*go 9/,
    ],
    ['go builds nothing', 'true', /building it: .*temporal --version failed/],
    ['what go builds is broken', `${goBuilds}; echo 'exit 1' > "$GOBIN/temporal"`, /building it: .* failed/],
  ])('keeps nothing and tells why when %s', async (_, body, reason) => {
    const machine = fakeMachine();
    machine.go(body);
    await expect(machine.find()).rejects.toThrow(reason);
    expect(readdirSync(machine.bin)).toEqual(['temporal-1.5.1.lock']);
  });

  it('happens once for several who need it at the same time', async () => {
    const machine = fakeMachine();
    machine.go(`sleep 1\n${goBuilds}`);
    const found = await Promise.all([machine.find(), machine.find(), machine.find()]);
    expect(found.map(({ how }) => how).sort()).toEqual(['build', 'cache', 'cache']);
    expect(readFileSync(machine.at('go.log'), 'utf8').trim().split('\n')).toHaveLength(1);
    expect(machine.progress).toContain('Waiting for another process that gets the Temporal CLI …');
  });

  it('leaves nothing half and no lock when its process is killed', async () => {
    const machine = fakeMachine();
    machine.go(`echo half > "$GOBIN/temporal"; exec sleep 60`);
    const settings = { cacheDir: machine.at('cache'), env: machine.env, downloadService: 'http://127.0.0.1:65535' };
    const code = `(await import(${JSON.stringify(FIND)})).findTemporalCli(${JSON.stringify(settings)})`;
    const args = ['--input-type=module', '-e', code];
    const builder = spawn(process.execPath, args, { stdio: 'ignore', detached: true });
    await vi.waitFor(() => expect(existsSync(machine.at('go.log'))).toBe(true), { timeout: 180_000 });
    process.kill(-builder.pid!, 'SIGKILL');
    await once(builder, 'exit');
    expect(existsSync(machine.cached)).toBe(false);

    machine.go(goBuilds);
    expect(await machine.find()).toMatchObject({ how: 'build' });
    expect(readdirSync(machine.bin).sort()).toEqual(['temporal-1.5.1', 'temporal-1.5.1.lock']);
  });

  it('stops when it is aborted, and leaves nothing', async () => {
    const machine = fakeMachine();
    machine.go(`echo $$ > '${machine.at('go.pid')}'; exec sleep 60`);
    const abort = new AbortController();
    const finding = machine.find({ signal: abort.signal });
    const refused = expect(finding).rejects.toThrow('enough');
    await vi.waitFor(() => expect(readFileSync(machine.at('go.pid'), 'utf8')).toMatch(/\d+\n/), { timeout: 180_000 });
    abort.abort(new Error('enough'));
    await refused;
    const pid = Number(readFileSync(machine.at('go.pid'), 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(readdirSync(machine.bin)).toEqual(['temporal-1.5.1.lock']);
  });

  it('reports the elapsed time', async () => {
    const machine = fakeMachine();
    machine.go('sleep 1');
    const { env, progress } = machine;
    const onProgress = (line: string) => progress.push(line);
    await buildCli({
      go: machine.at('path/go'),
      version: '1.5.1',
      folder: machine.bin,
      env,
      onProgress,
      progressEveryMs: 100,
    });
    expect(progress.slice(1)).toContain('Building the Temporal CLI: 0 min 1 s');
  });
});
