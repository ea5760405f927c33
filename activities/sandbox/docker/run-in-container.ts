import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallRequest } from '../call-record.ts';
import { cleanEnvironment } from '../clean-environment.ts';
import { OUTPUT_FOLDER } from '../shown-output.ts';
import type { Running } from './containers.ts';
import { type Docker, startDetached } from './engine.ts';
import type { CallPaths } from './folders.ts';
import { type DockerSettings, INSIDE, MOST_FILES, reserveKib } from './settings.ts';

/** The runner is text for the container's bash; it lies nowhere that a command could change it. */
const RUNNER = readFileSync(new URL('./runner.sh', import.meta.url), 'utf8');

/** Kept of the end of an output that is longer than is kept. */
const TAIL_BYTES = 64 * 1024;

/** Whether the process of this number is a runner of this call. */
const PROBE = `mapfile -d '' -t words <"/proc/$1/cmdline" && [[ " \${words[*]} " == *" sandbox-runner $2 "* ]]`;

/** A runner for the call, not started yet. Of several that are started one runs the command. */
export async function makeRunner(
  docker: Docker,
  running: Running,
  { paths, request, settings }: { paths: CallPaths; request: CallRequest; settings: DockerSettings },
) {
  const { limits } = request;
  const kib = (bytes: number) => Math.floor(bytes / 1024);
  const numbers = [
    Math.ceil(limits.wallSeconds),
    Math.ceil(limits.graceSeconds),
    kib(Math.min(limits.fileBytes, settings.diskBytes)),
    Math.max(0, limits.outputBytes - TAIL_BYTES),
    Math.min(TAIL_BYTES, limits.outputBytes),
    limits.shownCharacters,
    kib(settings.diskBytes),
    MOST_FILES,
    reserveKib(settings),
    Math.min(limits.processes, settings.processes),
  ];
  const { PATH: _, ...variables } = cleanEnvironment({ workspace: INSIDE.workspace, temporary: '/tmp', token: '' });
  return docker.getContainer(running.id).exec({
    Cmd: [
      ...['bash', '--noprofile', '--norc', '-c', RUNNER, 'sandbox-runner', paths.inside.box, paths.name],
      ...numbers.map(String),
      `${INSIDE.workspace}/${OUTPUT_FOLDER}/${request.callId}`,
      request.interpreter,
      ...(request.language === 'python' ? ['-u'] : ['--noprofile', '--norc']),
      paths.inside.script,
    ],
    Env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    WorkingDir: INSIDE.workspace,
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
  });
}

/** Asks the container itself, where Docker has forgotten what it started there. */
export async function isRunner(docker: Docker, running: Running, pid: string, paths: CallPaths): Promise<boolean> {
  if (!/^\d+$/.test(pid)) return false;
  const probe = await docker.getContainer(running.id).exec({
    Cmd: ['bash', '--noprofile', '--norc', '-c', PROBE, 'probe', pid, paths.inside.box],
    AttachStdout: false,
    AttachStderr: false,
  });
  await startDetached(probe);
  for (;;) {
    const { Running: runs, ExitCode } = await probe.inspect();
    if (!runs && ExitCode !== null) return ExitCode === 0;
    await sleep(50);
  }
}
