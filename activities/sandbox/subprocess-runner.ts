/**
 * A program of its own that runs one command: `node subprocess-runner.ts <call folder>`. It outlives the worker that
 * started it. Of several for one call, the one that makes the claim runs the command; the others go.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { publish, readRecord } from '../record-file.ts';
import { type CallRequest, filesOf, processRef } from './call-record.ts';
import { runCommand } from './run-command.ts';
import { shownOutput } from './shown-output.ts';

/** More than a result takes, whose output is 20,000 characters by default. */
const RESERVE_BYTES = 128 * 1024;

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
  if (!publish(files.claim, { runner: processRef(process.pid), token })) return;

  reserveDisk(files.reserve);
  if (existsSync(files.stop)) stop.abort();
  const ended = stop.signal.aborted
    ? { outcome: 'killed' as const, exitCode: null, timedOut: false, notes: ['The command was not started.'] }
    : await runCommand({ files, request, token, outputs, stop: stop.signal });
  const shown = await shownOutput(files, request);
  rmSync(files.reserve, { force: true });
  publish(files.result, { ...ended, ...shown });
}

/**
 * Takes disk space that the result will need, so that a command that fills the disk still ends with one. Takes what
 * there is where there is less: the command may be the one that frees some.
 */
function reserveDisk(path: string): void {
  try {
    writeFileSync(path, Buffer.alloc(RESERVE_BYTES), { mode: 0o600 });
  } catch {
    // What was written up to here stays.
  }
}

// A result that cannot be written leaves the claim without one, and whoever waits finds the outcome unknown.
await main(process.argv[2] ?? '').then(
  () => process.exit(0),
  (error: Error) => {
    console.error(error.message);
    process.exit(1);
  },
);
