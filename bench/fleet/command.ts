import type { Command } from 'commander';
import type { RehearsalOptions } from '../../local/rehearsal/server.ts';
import { runFleet } from './run.ts';

/** As many sessions as keep three endpoints busy; a round here is about a fiftieth of one on a GPU. */
const LOAD = { sessions: 36, rounds: 100 };

/** Room for two sessions' prompts, and two calls at once: what preemption leaves of a server that is too full. */
const SATURATED: RehearsalOptions = { maxRunning: 2, cacheBlocks: 80 };

export function benchFleet(program: Command): void {
  program
    .command('fleet')
    .description('what one endpoint with a saturated cache costs, beside a fleet without it')
    .action(async () => {
      const three = await runFleet([{}, {}, {}], LOAD);
      const four = await runFleet([SATURATED, {}, {}, {}], LOAD);
      const line = (name: string, { seconds, calls, moved, cached }: Awaited<ReturnType<typeof runFleet>>) =>
        console.log(
          `${name.padEnd(34)} ${seconds.toFixed(1)} s · calls ${calls.join(', ')} · sessions that moved ${moved} · cached ${Math.round(cached * 100)} %`,
        );
      line('three endpoints', three);
      line('the same and a saturated one', four);
      console.log(
        `total time ${(four.seconds / three.seconds).toFixed(2)} times that of three (at most 1.10 is promised)`,
      );
    });
}
