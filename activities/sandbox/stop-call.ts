import { rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { publish, readRecord } from '../record-file.ts';
import type { CallFolder, CallRequest, Claim, ProcessRef } from './call-record.ts';
import { filesOf, isAlive } from './call-record.ts';
import { processFamily } from './process-family.ts';
import type { CommandOutcome } from './sandbox.ts';
import { shownOutput } from './shown-output.ts';

/** Tells a call's runner to stop its command, or not to start it. Does not wait. */
export function requestStop(files: CallFolder, runner: ProcessRef | undefined): void {
  try {
    writeFileSync(files.stop, '', { mode: 0o600 });
  } catch {
    // No folder yet, so no runner either; or a full disk, and then the signal has to do.
  }
  signalRunner(runner, 'SIGTERM');
}

/**
 * Ends a call whose runner is gone without a result: stops what is left of the command, so that it cannot disturb
 * those that follow, and records that the outcome is unknown, with the output there is.
 */
export async function settleUnknown(files: CallFolder, claim: Claim | undefined): Promise<CommandOutcome> {
  await stopLeftovers(files, claim);
  const request = readRecord<CallRequest>(files.request);
  const shown = request ? await shownOutput(files, request) : { stdout: '', stderr: '', truncated: false };
  const outcome: CommandOutcome = { outcome: 'unknown', exitCode: null, timedOut: false, notes: [], ...shown };
  try {
    rmSync(files.reserve, { force: true });
    publish(files.result, outcome);
  } catch {
    // The claim without a live runner says the same.
  }
  return readRecord<CommandOutcome>(files.result) ?? outcome;
}

/** Stops all calls of a session that is over, given the folder of its call records. Nothing is recorded. */
export async function stopCalls(calls: string): Promise<void> {
  for (const entry of await readdir(calls, { withFileTypes: true }).catch(() => [])) {
    // The script's name does not matter here.
    if (entry.isDirectory()) await abandonCall(filesOf(join(calls, entry.name), { callId: '-', language: 'bash' }));
  }
}

/** Stops a call at once, with its runner. */
async function abandonCall(files: CallFolder): Promise<void> {
  const claim = readRecord<Claim>(files.claim);
  requestStop(files, undefined);
  if (readRecord(files.result)) return;
  signalRunner(claim?.runner, 'SIGKILL');
  await stopLeftovers(files, claim);
}

async function stopLeftovers(files: CallFolder, claim: Claim | undefined): Promise<void> {
  if (!claim) return;
  const leader = readRecord<ProcessRef>(files.leader);
  // A number that now belongs to another process must not be signalled.
  await processFamily(leader && isAlive(leader) ? leader.pid : undefined, claim.token).stop(0);
}

function signalRunner(runner: ProcessRef | undefined, name: NodeJS.Signals): void {
  if (!runner || !isAlive(runner)) return;
  try {
    process.kill(runner.pid, name);
  } catch {
    // Ended meanwhile.
  }
}
