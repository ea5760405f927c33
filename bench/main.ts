import { Command } from 'commander';
import { benchBatch } from './batch/command.ts';
import { benchDocuments } from './documents/command.ts';
import { benchFleet } from './fleet/command.ts';
import { benchHistory } from './history/command.ts';
import { benchInference } from './inference/command.ts';
import { benchLoad } from './load/command.ts';
import { benchOpenSessions } from './open-sessions/command.ts';
import { benchSandbox } from './sandbox/command.ts';
import { benchSnapshots } from './snapshots/command.ts';
import { benchSoak } from './soak/command.ts';
import { benchWeb } from './web/command.ts';

const program = new Command('npm run bench --').description('Measures what the design promises, on this machine.');

benchHistory(program);
benchFleet(program);
benchWeb(program);
benchSnapshots(program);
benchInference(program);
benchBatch(program);
benchSandbox(program);
benchDocuments(program);
benchLoad(program);
benchSoak(program);
benchOpenSessions(program);

// What is to be ended is ended at the exit, also after Ctrl-C.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

try {
  await program.parseAsync();
  process.exit();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
