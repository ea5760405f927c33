import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unrecorded } from '../../activities/lookup/recorded.ts';
import { dockerSandbox } from '../../activities/sandbox/docker/docker-sandbox.ts';
import { containerName } from '../../activities/sandbox/docker/labels.ts';
import { DEFAULT_DOCKER, type DockerSettings } from '../../activities/sandbox/docker/settings.ts';
import type { Language, SandboxLimits } from '../../activities/sandbox/sandbox.ts';
import { stopMeansKill } from '../../activities/sandbox/stop-reason.ts';
import { makeBashTool } from '../../activities/tools/bash.ts';
import { makePythonTool } from '../../activities/tools/python-interpreter.ts';
import { ensureWorkspace } from '../../activities/workspace/workspace.ts';
import { TEST_IMAGE } from '../support/docker/daemon.ts';

export const settingsWith = (settings: Partial<DockerSettings> = {}): DockerSettings => ({
  ...DEFAULT_DOCKER,
  image: TEST_IMAGE,
  memoryBytes: 512 * 2 ** 20,
  ...settings,
});

/** A state folder with one workspace, and the sandbox of containers over it. */
export async function setUp(settings: Partial<DockerSettings> = {}) {
  const stateDir = mkdtempSync(join(tmpdir(), 'docker-sandbox-'));
  const workspace = await ensureWorkspace(stateDir, 'session');
  const sandbox = dockerSandbox({ stateDir, settings: settingsWith(settings) });
  const file = (name: string) => join(workspace, name);
  let calls = 0;

  interface Options {
    signal?: AbortSignal;
    language?: Language;
    limits?: Partial<SandboxLimits>;
    stdin?: string;
  }
  const context = (signal = new AbortController().signal) => ({
    callId: `t${++calls}c1`,
    recorded: unrecorded,
    workspace,
    signal,
  });
  return {
    stateDir,
    workspace,
    sandbox,
    container: containerName(stateDir, 'session'),
    run(callId: string, script: string, { signal, language = 'bash', limits, stdin }: Options = {}) {
      const aborted = signal ?? new AbortController().signal;
      return sandbox.run({ callId, workspace, language, script, limits, stdin }, { signal: aborted, stopMeansKill });
    },
    /** What the model reads. */
    bash: async (command: string, limits?: Partial<SandboxLimits>) =>
      makeBashTool(sandbox, { limits }).run({ command }, context()),
    python: async (code: string, limits?: Partial<SandboxLimits>) =>
      makePythonTool(sandbox, { limits }).run({ code }, context()),
    lines: (name: string) => (existsSync(file(name)) ? readFileSync(file(name), 'utf8').trim().split('\n') : []),
    async tearDown() {
      await sandbox.end?.(workspace);
      rmSync(stateDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export type Place = Awaited<ReturnType<typeof setUp>>;
