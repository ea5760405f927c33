import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { replaceFile } from '../record-file.ts';
import { callsPath, nameOfWorkspace } from '../workspace/workspace.ts';
import { processIdentity } from './process-table.ts';
import type { Language, SandboxCommand, SandboxLimits } from './sandbox.ts';

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

/** How a runner ends that had no room on the disk to begin; its log may be empty for the same reason. */
export const DISK_FULL_EXIT = 75;

const CALL_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

export function checkCallId(callId: string): void {
  if (CALL_ID.test(callId)) return;
  throw new Error(`${JSON.stringify(callId)} is not a call id: letters, digits, ".", "_" and "-", 100 at most.`);
}

/**
 * The folder of a command. Its name has a digest of the script, for after a reset to an earlier round the same call
 * id can stand for another command, whose result must not be the first one's. Limits do not count: they may change
 * between two attempts.
 */
export function callFolder(stateDir: string, command: SandboxCommand): CallFolder {
  checkCallId(command.callId);
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
    replaceFile(path, text);
  }
}

export const isClaimed = (files: CallFolder): boolean => existsSync(files.claim);

export function processRef(pid: number): ProcessRef {
  return { pid, identity: processIdentity(pid) ?? '' };
}

export const isAlive = (ref: ProcessRef): boolean => processIdentity(ref.pid) === ref.identity;
