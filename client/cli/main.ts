#!/usr/bin/env node
import { text } from 'node:stream/consumers';
import { connectDeepResearch } from '../index.ts';
import { checkReplay, checkReplays } from '../replay/check-replay.ts';
import { EXIT, report } from './exit.ts';
import { buildProgram } from './program.ts';
import { runWorkerProgram } from './worker-program.ts';

const interrupt = new AbortController();
process.on('SIGINT', () => {
  // The second time, at once.
  if (interrupt.signal.aborted) process.exit(EXIT.interrupted);
  interrupt.abort();
});
// `deep-research list | head` closes the pipe early; that is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : EXIT.failed));

const program = buildProgram({
  connect: connectDeepResearch,
  out: process.stdout,
  err: process.stderr,
  signal: interrupt.signal,
  readStdin: () => text(process.stdin),
  runWorkerProgram,
  keyboard: process.stdin,
  checkReplay,
  checkReplays,
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error, process.stderr);
}
