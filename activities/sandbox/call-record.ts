import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { callsPath, nameOfWorkspace } from '../workspace/workspace.ts';
import { processIdentity } from './process-table.ts';
import type { CommandOutcome, Language, SandboxCommand, SandboxLimits } from './sandbox.ts';

/**
 * What is on disk of a call, in a folder of its own:
 *
 * - `request.json` and `script/`: what to run; written before anything is started
 * - `claim.json`: made once, by the runner that will run it, just before it does; the command may have run from here on
 * - `leader.json`: the command's first process, to stop it when its runner is gone
 * - `stop`: the command is to stop, or not to start
 * - `stdout`, `stderr`: the output while it runs
 * - `reserve`: disk space for the result
 * - `result.json`: made once; from here on the call is over
 *
 * The state folder belongs to one machine: whether a runner is alive is told by its process id.
 */
export interface CallFolder {
  folder: string;
  request: string;
  script: string;
  claim: string;
  leader: string;
  stop: string;
  stdout: string;
  stderr: string;
  result: string;
  reserve: string;
  log: string;
  /** Shared by the session's calls. */
  temporary: string;
}

export interface CallRequest {
  callId: string;
  workspace: string;
  interpreter: string;
  language: Language;
  stdin?: string;
  limits: SandboxLimits;
}

/** A process that can be told from a later one with the same number. */
export interface ProcessRef {
  pid: number;
  identity: string;
}

export interface Claim {
  runner: ProcessRef;
  /** Value of `CALL_VARIABLE` in the command's environment. */
  token: string;
}

const CALL_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/**
 * The folder of a command. Its name has a digest of the script, for after a reset to an earlier round the same call
 * id can stand for another command, whose result must not be the first one's. Limits do not count: they may change
 * between two attempts.
 */
export function callFolder(stateDir: string, command: SandboxCommand): CallFolder {
  if (!CALL_ID.test(command.callId)) {
    throw new Error(
      `${JSON.stringify(command.callId)} is not a call id: letters, digits, ".", "_" and "-", 100 at most.`,
    );
  }
  const calls = callsPath(stateDir, nameOfWorkspace(stateDir, command.workspace));
  const digest = createHash('sha256').update(JSON.stringify([command.language, command.script, command.stdin ?? '']));
  return filesOf(join(calls, `${command.callId}-${digest.digest('hex').slice(0, 12)}`), command);
}

export function filesOf(folder: string, call: { callId: string; language: Language }): CallFolder {
  const file = (name: string) => join(folder, name);
  return {
    folder,
    request: file('request.json'),
    // A folder of its own, for Python looks for modules beside the script.
    script: file(`script/${call.callId}.${call.language === 'python' ? 'py' : 'sh'}`),
    claim: file('claim.json'),
    leader: file('leader.json'),
    stop: file('stop'),
    stdout: file('stdout'),
    stderr: file('stderr'),
    result: file('result.json'),
    reserve: file('reserve'),
    log: file('runner.log'),
    temporary: join(dirname(folder), 'tmp'),
  };
}

/** Writes what to run, so that a reader sees all of it or nothing. Attempts write the same. */
export function writeRequest(files: CallFolder, request: CallRequest, script: string): void {
  for (const folder of [dirname(files.script), files.temporary]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [path, text] of [
    [files.script, script],
    [files.request, JSON.stringify(request)],
  ] as const) {
    renameSync(durable(path, text), path);
  }
}

/** Makes a record that is written once, on disk when this returns. False when there is one already. */
export function publish(path: string, record: Claim | CommandOutcome): boolean {
  const draft = durable(path, JSON.stringify(record));
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  sync(dirname(path));
  return true;
}

/** A record, or undefined when it is not there or (after a crash of the machine, say) not readable. */
export function readRecord<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

export const isClaimed = (files: CallFolder): boolean => existsSync(files.claim);

export function processRef(pid: number): ProcessRef {
  return { pid, identity: processIdentity(pid) ?? '' };
}

export const isAlive = (ref: ProcessRef): boolean => processIdentity(ref.pid) === ref.identity;

function durable(path: string, text: string): string {
  const draft = `${path}.${randomUUID()}`;
  try {
    writeFileSync(draft, text, { flag: 'wx', mode: 0o600, flush: true });
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  return draft;
}

function sync(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
