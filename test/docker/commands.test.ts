import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectImage } from '../../activities/sandbox/docker/inspect-image.ts';
import { removeOwnerless } from '../../activities/sandbox/docker/janitor.ts';
import { LABEL, ownFilter } from '../../activities/sandbox/docker/labels.ts';
import { ensureWorkspace } from '../../activities/workspace/workspace.ts';
import { startDocker, type TestDocker } from '../support/docker/daemon.ts';
import { type Place, settingsWith, setUp } from './place.ts';

let docker: TestDocker;
let place: Place;

beforeAll(async () => {
  docker = await startDocker();
  place = await setUp();
});
afterAll(async () => {
  await place?.tearDown();
  await docker?.close();
});

describe('what the model reads', () => {
  it.each([
    ['stdout', 'echo hello', { text: 'hello' }],
    ['nothing', 'true', { text: '(no output)' }],
    ['stderr apart', 'echo out; echo err >&2', { text: 'out\n[stderr]\nerr' }],
    ['the exit code', 'exit 3', { text: '(no output)\n[Exit code: 3]' }],
    ['Chinese', 'echo 研究', { text: '研究' }],
    ['the working directory', 'pwd; cd /tmp && pwd; echo "$PWD $HOME"', { text: '.\n/tmp\n/tmp .' }],
  ])('of bash: %s', async (_, command, expected) => {
    expect(await place.bash(command)).toEqual(expected);
  });

  it('of Python: what is printed, and a traceback without the paths of the container', async () => {
    expect(await place.python('print("研究", 6 * 7)')).toEqual({ text: '研究 42' });
    const { text } = await place.python('print("start")\n1 / 0');
    expect(text).toMatch(/^start\n\[stderr\]\nTraceback.*\n {2}File "t\d+c1\.py", line 2, in <module>/);
    expect(text).toMatch(/ZeroDivisionError: division by zero\n\[Exit code: 1\]$/);
    const killed = await place.python('import os, signal\nos.kill(os.getpid(), signal.SIGTERM)');
    expect(killed.text).toContain('[Ended by signal SIGTERM]');
  });

  it('keeps files and modules of the workspace from call to call', async () => {
    writeFileSync(join(place.workspace, 'data.csv'), 'a,b');
    await place.python('open("own_module.py", "w").write("def answer(): return 42")');
    expect(await place.python('import own_module\nprint(own_module.answer(), open("data.csv").read())')).toEqual({
      text: '42 a,b',
    });
    expect((await place.bash('ls -A; rm own_module.py data.csv')).text).toBe('data.csv\nown_module.py');
  });

  it('shows the beginning and end of a long output, and where the rest is', async () => {
    const { text } = await place.bash('seq 1 100000');
    expect(text).toMatch(/^1\n2\n/);
    expect(text).toMatch(/\n99999\n100000$/);
    const file = /the output is in (\S+) …/.exec(text)![1];
    expect(await place.bash(`wc -l <${file}`)).toEqual({ text: '100000' });
  });

  it('keeps a bounded part of an output without end', async () => {
    const outcome = await place.run('long', `echo first; head -c 50000000 /dev/zero | tr '\\0' x; echo; echo last`, {
      limits: { outputBytes: 1_000_000 },
    });
    expect(outcome).toMatchObject({ outcome: 'finished', exitCode: 0, truncated: true });
    expect(outcome.stdout).toMatch(/^first\nxxx/);
    expect(outcome.stdout).toMatch(/xxx\nlast\n$/);
    expect(outcome.notes).toEqual(['Of stdout (50000012 bytes) only 1000000 bytes were kept.']);
    expect(statSync(join(place.workspace, outcome.outputFile!.stdout!)).size).toBeLessThan(1_001_000);
  });

  it('gives a command what it is to read', async () => {
    expect(await place.run('stdin', 'cat', { stdin: 'read me' })).toMatchObject({ stdout: 'read me' });
  });
});

describe('the end of a command', () => {
  it('comes at its time limit, with all that it started', async () => {
    const { text, failed } = await place.bash('setsid sleep 300 & (sleep 301 &); echo before; sleep 302', {
      wallSeconds: 1,
      graceSeconds: 1,
    });
    expect([failed, text]).toEqual([
      true,
      expect.stringMatching(/^before\n(?:\[stderr\]\n.*\n)?\[Timed out: the command was stopped after 1 seconds\./s),
    ]);
    expect((await place.bash('cat /proc/[0-9]*/cmdline | tr "\\0" " "')).text).not.toMatch(/sleep 30\d/);
  });

  it('comes in its own way where it listens', async () => {
    const script = `trap 'echo tidied; exit 0' TERM; while :; do sleep 0.05; done`;
    const outcome = await place.run('tidy', script, { limits: { wallSeconds: 1, graceSeconds: 20 } });
    expect(outcome).toMatchObject({ outcome: 'timed-out', stdout: 'tidied\n' });
  });

  it('takes along what was left in the background, and says so', async () => {
    const daemon = `import os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execve("/bin/sleep", ["sleep", "303"], {})
    os._exit(0)`;
    expect((await place.python(daemon)).text).toBe(
      '(no output)\n[1 background process(es) were stopped at the end of the call.]',
    );
    expect((await place.bash('cat /proc/[0-9]*/cmdline | tr "\\0" " "')).text).not.toContain('sleep 303');
  });

  it('comes with a cancel, and not with the shutdown of a worker', async () => {
    const left = new AbortController();
    const first = place.run('left', 'echo begun >>left; sleep 1; echo ended', { signal: left.signal });
    while (!existsSync(join(place.workspace, 'left'))) await sleep(20);
    left.abort(new CancelledFailure('WORKER_SHUTDOWN'));
    await expect(first).rejects.toThrow('WORKER_SHUTDOWN');
    expect(await place.run('left', 'echo begun >>left; sleep 1; echo ended')).toMatchObject({ stdout: 'ended\n' });
    expect(place.lines('left')).toEqual(['begun']);

    const cancelled = new AbortController();
    const second = place.run('cancelled', 'echo begun >cancelled; sleep 304', { signal: cancelled.signal });
    while (!existsSync(join(place.workspace, 'cancelled'))) await sleep(20);
    cancelled.abort(new CancelledFailure('CANCELLED'));
    expect(await second).toMatchObject({ outcome: 'killed' });
    expect((await place.bash('cat /proc/[0-9]*/cmdline | tr "\\0" " "')).text).not.toContain('sleep 304');
  });
});

describe('containers', () => {
  it('are one a workspace, labelled, and gone after the end, while the files stay', async () => {
    const other = await setUp();
    await Promise.all(['a', 'b', 'c'].map((callId) => other.run(callId, `echo ${callId} >${callId}`)));
    const { Config, HostConfig } = await docker.docker.getContainer(other.container).inspect();
    expect(Config.Labels).toMatchObject({
      'temporal-deep-research.state': other.stateDir,
      'temporal-deep-research.workspace': 'session',
    });
    expect(HostConfig).toMatchObject({ NetworkMode: 'none', ReadonlyRootfs: true, CapDrop: ['ALL'] });
    await other.sandbox.end!(other.workspace);
    await expect(docker.docker.getContainer(other.container).inspect()).rejects.toThrow('404');
    expect(other.lines('b')).toEqual(['b']);
    expect(existsSync(join(other.stateDir, 'boxes', 'session'))).toBe(false);
    await other.sandbox.end!(other.workspace);
    await other.tearDown();
  });

  it('of a tool service that was killed go at its next start; those of sessions stay', async () => {
    const other = await setUp();
    const owner = { namespace: 'default', taskQueue: 'q', workflowId: 'w', runId: 'r' };
    const workspaces = await Promise.all(
      ['conversation', 'owned'].map((name) => ensureWorkspace(other.stateDir, name)),
    );
    for (const [at, workspace] of workspaces.entries()) {
      const command = {
        callId: 'r1c1',
        workspace,
        language: 'bash' as const,
        script: 'true',
        ...(at === 1 && { owner }),
      };
      await other.sandbox.run(command, { signal: new AbortController().signal, stopMeansKill: () => true });
    }
    await removeOwnerless(other.stateDir);
    const left = await docker.docker.listContainers({ all: true, filters: ownFilter(other.stateDir) });
    expect(left.map(({ Labels }) => Labels[LABEL.workspace])).toEqual(['owned']);
    await other.sandbox.end!(workspaces[1]!);
    await other.tearDown();
  });

  it('that are not of this program are left alone, whatever they are called', async () => {
    const other = await setUp();
    const foreign = await docker.docker.createContainer({
      name: other.container,
      Image: settingsWith().image,
      Cmd: ['true'],
    });
    await expect(other.run('r1c1', 'true')).rejects.toThrow(
      /could not be started, and did not run.*is not this program's/,
    );
    await other.sandbox.end!(other.workspace);
    await foreign.remove();
    await other.tearDown();
  });

  it.each([
    ['image', { image: 'nowhere:1' }, /^DEEP_RESEARCH_SANDBOX_IMAGE: Docker has no image "nowhere:1"; build it with/],
    ['runtime', { runtime: 'runsc' }, /^DEEP_RESEARCH_SANDBOX_RUNTIME: Docker has no runtime "runsc"; it has .*runc/],
    ['network', { network: 'lan' }, /^DEEP_RESEARCH_SANDBOX_NETWORK: Docker has no network "lan"\.$/],
    ['state folder', { hostStateDir: '/elsewhere' }, /^DEEP_RESEARCH_SANDBOX_HOST_STATE_DIR: containers do not see/],
  ])('that cannot be made for their %s are told at the start', async (_, settings, sentence) => {
    const folder = join(place.stateDir, 'checks');
    mkdirSync(folder, { recursive: true });
    await expect(inspectImage(docker.docker, settingsWith(settings), folder)).rejects.toThrow(sentence);
  });
});
