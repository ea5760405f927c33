/**
 * Loaded into a process with `--import`: on SIGUSR2 its clock jumps to what the file `FAULTS_CLOCK` says, in ms from
 * the true one. It is the clock of the program's own thread (`Date`), not of Temporal's core in it.
 */
import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const file = process.env.FAULTS_CLOCK;

if (file && isMainThread) {
  const True = Date;
  let shift = 0;
  class Shifted extends True {
    constructor(...given: unknown[]) {
      if (given.length === 0) super(True.now() + shift);
      else super(...(given as [number]));
    }
    static override now = () => True.now() + shift;
  }
  globalThis.Date = Shifted as DateConstructor;
  process.on('SIGUSR2', () => {
    shift = Number(readFileSync(file, 'utf8'));
  });
}
