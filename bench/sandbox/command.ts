import type { Command } from 'commander';
import { DEFAULT_DOCKER } from '../../activities/sandbox/docker/settings.ts';
import { median, quantile } from '../statistics.ts';
import { tableLines } from '../table.ts';
import { measureContainers } from './containers.ts';

export function benchSandbox(program: Command): void {
  program
    .command('sandbox')
    .description("what a container's start and its commands cost, beside plain Docker")
    .option('--image <name>', "image of the containers; by default the tests', in a Docker daemon started for this")
    .option('--starts <number>', 'containers started each way', Number, 15)
    .option('--calls <number>', 'commands run each way', Number, 60)
    .action(async ({ image, starts, calls }: { image?: string; starts: number; calls: number }) => {
      const figures = await measureContainers({
        settings: image ? { ...DEFAULT_DOCKER, image } : undefined,
        starts,
        calls,
      });
      const ms = (values: number[], share?: number) => (share ? quantile(values, share) : median(values)).toFixed(0);
      console.log(
        tableLines(
          ['', 'median ms', 'p95 ms', 'a second'],
          figures.map(({ name, milliseconds, atOnce }) => [
            name,
            ms(milliseconds),
            ms(milliseconds, 0.95),
            (atOnce ?? 1000 / median(milliseconds)).toFixed(1),
          ]),
        ).join('\n'),
      );
    });
}
