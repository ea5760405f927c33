/**
 * A program of its own that runs one command: `node subprocess-runner.ts <call folder>`. It outlives the worker that
 * started it. Of several for one call, the one that makes the claim runs the command; the others go.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDiskFull } from '../disk-full.ts';
import { publish, readRecord } from '../record-file.ts';
import { type CallRequest, DISK_FULL_EXIT, filesOf, processRef } from './call-record.ts';
import { runCommand } from './run-command.ts';
import { shownOutput } from './shown-output.ts';

/** More than a result takes, whose output is 20,000 characters by default, with the ends of long outputs. */
const RESERVE_BYTES = 256 * 1024;

/** Enough for the result of most commands. With less the command is not run, for its outcome could get lost. */
const LEAST_RESERVE_BYTES = 16 * 1024;

/** How long a result waits for a disk that is full, in ms. */
const PATIENCE_MS = 15 * 60_000;
const LOOK_MS = 200;

async function main(folder: string): Promise<void> {
  const stop = new AbortController();
  // SIGHUP and SIGINT are meant for the worker's terminal.
  process.on('SIGTERM', () => stop.abort());
  for (const signal of ['SIGHUP', 'SIGINT'] as const) process.on(signal, () => {});

  const request = readRecord<CallRequest>(join(folder, 'request.json'));
  if (!request) throw new Error('The call has no readable request.');
  const files = filesOf(folder, request);
  // Whatever can fail is done before the claim: until then another attempt can still run the command.
  const outputs = { stdout: openSync(files.stdout, 'a', 0o600), stderr: openSync(files.stderr, 'a', 0o600) };
  // Node ends without a word if it cannot make its threads later, amid a fork bomb; this makes them.
  await stat(folder);
  const token = randomUUID();
  const reserve = `${files.reserve}.${process.pid}`;
  reserveDisk(reserve);
  try {
    if (!publish(files.claim, { runner: processRef(process.pid), token })) return rmSync(reserve);
  } catch (error) {
    rmSync(reserve);
    throw error;
  }
  renameSync(reserve, files.reserve);
  if (existsSync(files.stop)) stop.abort();
  const ended = stop.signal.aborted
    ? { outcome: 'killed' as const, exitCode: null, timedOut: false, notes: ['The command was not started.'] }
    : await runCommand({ files, request, token, outputs, stop: stop.signal });
  const shown = await shownOutput(files, request);
  rmSync(files.reserve, { force: true });
  for (const until = performance.now() + PATIENCE_MS; ; await sleep(LOOK_MS)) {
    try {
      publish(files.result, { ...ended, ...shown });
      return;
    } catch (error) {
      if (!isDiskFull(error) || performance.now() > until) throw error;
    }
  }
}

/**
 * Takes disk space that the result will need, so that a command that fills the disk still ends with one. Takes what
 * there is where there is less, down to the least: the command may be the one that frees some.
 */
function reserveDisk(path: string): void {
  const file = openSync(path, 'wx', 0o600);
  let taken = 0;
  try {
    while (taken < RESERVE_BYTES) taken += writeSync(file, Buffer.alloc(4096));
  } catch (error) {
    if (taken >= LEAST_RESERVE_BYTES) return;
    rmSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
}

// A result that cannot be written leaves the claim without one, and whoever waits finds the outcome unknown.
await main(process.argv[2] ?? '').then(
  () => process.exit(0),
  (error: Error) => {
    console.error(error.message);
    process.exit(isDiskFull(error) ? DISK_FULL_EXIT : 1);
  },
);
