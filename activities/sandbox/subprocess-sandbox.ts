import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { diskFull } from '../disk-full.ts';
import { readRecord } from '../record-file.ts';
import { callsPath, nameOfWorkspace } from '../workspace/workspace.ts';
import {
  type CallFolder,
  type Claim,
  callFolder,
  DISK_FULL_EXIT,
  isAlive,
  isClaimed,
  writeRequest,
} from './call-record.ts';
import { runnerEnvironment } from './clean-environment.ts';
import { interpreter } from './interpreters.ts';
import { type CommandOutcome, DEFAULT_LIMITS, type RunContext, type Sandbox, type SandboxLimits } from './sandbox.ts';
import { requestStop, settleUnknown, stopCalls } from './stop-call.ts';

/** How often a waiting attempt looks for the result, in ms. */
const POLL_MS = 100;

/** How long a stopped command is waited for, in ms: its grace, and what a loaded machine adds. */
const STOP_MS = 30_000;

/** Beside the source the runner is TypeScript, in the published package JavaScript. */
const RUNNER = fileURLToPath(new URL(`./subprocess-runner${extname(import.meta.url)}`, import.meta.url));

/**
 * Runs commands as processes of this machine, for trying out: no container, so a command can read and write what the
 * worker's user can, also the worker's own environment below `/proc`, and reach the network.
 *
 * A small runner process in a session of its own outlives the worker's crash and records the outcome. A service
 * manager that kills all processes of a unit takes it along (systemd: `KillMode=process` leaves it).
 * `limits` replace defaults for all commands; a command's own come first.
 */
export function subprocessSandbox(options: { stateDir: string; limits?: Partial<SandboxLimits> }): Sandbox {
  return {
    supports: async (language) => (await interpreter(language)) !== undefined,
    async run(command, context) {
      const files = callFolder(options.stateDir, command);
      const program = await interpreter(command.language);
      if (!program) throw new Error(`This machine has no ${command.language === 'python' ? 'python3' : 'bash'}.`);
      const limits = { ...DEFAULT_LIMITS, ...options.limits, ...command.limits };
      const { callId, workspace, language, stdin, script } = command;
      const begin = () => {
        try {
          // Of an attempt that was stopped before anything ran; this one is wanted.
          rmSync(files.stop, { force: true });
          writeRequest(files, { callId, workspace, language, stdin, limits, interpreter: program }, script);
          return startRunner(files);
        } catch (cause) {
          throw new Error(`The call ${callId} could not be prepared, and did not run: ${(cause as Error).message}`, {
            cause,
          });
        }
      };
      return attempt(files, begin, context);
    },
    end: (workspace) => stopCalls(callsPath(options.stateDir, nameOfWorkspace(options.stateDir, workspace))),
  };
}

async function attempt(
  files: CallFolder,
  begin: () => ChildProcess,
  { signal, stopMeansKill }: RunContext,
): Promise<CommandOutcome> {
  let runner: ChildProcess | undefined;
  let giveUpAt: number | undefined;
  for (;;) {
    // In this order a runner that claims, or ends, between two looks is not taken for one that left nothing.
    const claimed = isClaimed(files);
    const claim = readRecord<Claim>(files.claim);
    const alive = claim !== undefined && isAlive(claim.runner);
    const result = readRecord<CommandOutcome>(files.result);
    if (result) return result;
    if (claimed && !alive) return settleUnknown(files, claim);

    if (signal.aborted && giveUpAt === undefined) {
      if (!stopMeansKill(signal.reason)) throw signal.reason;
      requestStop(files, claim?.runner);
      if (!claimed) runner?.kill();
      giveUpAt = performance.now() + STOP_MS;
      continue;
    }
    if (giveUpAt !== undefined) {
      // A runner of another attempt that comes up now finds that it must not start.
      if ((!claimed && !isRunning(runner)) || performance.now() > giveUpAt) throw signal.reason;
    } else if (!claimed) {
      if (runner && !isRunning(runner)) throw startFailure(files, runner);
      runner ??= begin();
    }
    await pause(runner, giveUpAt === undefined ? signal : undefined);
  }
}

function startRunner(files: CallFolder): ChildProcess {
  const log = openSync(files.log, 'a', 0o600);
  try {
    const runner = spawn(process.execPath, [RUNNER, files.folder], {
      cwd: files.folder,
      env: runnerEnvironment(),
      detached: true,
      stdio: ['ignore', 'ignore', log],
    });
    // Seen as a process that is not running.
    runner.on('error', () => {});
    runner.unref();
    return runner;
  } finally {
    closeSync(log);
  }
}

const isRunning = (runner: ChildProcess | undefined): boolean =>
  runner?.pid !== undefined && runner.exitCode === null && runner.signalCode === null;

function startFailure(files: CallFolder, runner: ChildProcess): Error {
  if (runner.exitCode === DISK_FULL_EXIT) return diskFull('The disk is full, and the command did not run.');
  const log = existsSync(files.log) ? readFileSync(files.log, 'utf8').trim().slice(-500) : '';
  const how = runner.signalCode ?? (runner.exitCode === null ? 'no process' : `exit code ${runner.exitCode}`);
  return new Error(`The command's runner ended before it started the command (${how})${log ? `: ${log}` : '.'}`);
}

/** Until the next look; sooner when the runner of this attempt ends or the signal aborts. */
async function pause(runner: ChildProcess | undefined, signal: AbortSignal | undefined): Promise<void> {
  const wake = new AbortController();
  const signals = signal ? [wake.signal, signal] : [wake.signal];
  const onExit = () => wake.abort();
  runner?.once('exit', onExit);
  await sleep(POLL_MS, undefined, { signal: AbortSignal.any(signals) }).catch(() => {});
  runner?.off('exit', onExit);
}
