import { writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import type { Command } from 'commander';
import { whole } from '../options.ts';
import { tableLines } from '../table.ts';
import { type BatchFigures, runBatchBench, runSideBySide, type SideBySide } from './run.ts';

interface Options {
  rows: number;
  rollouts: number;
  window: number;
  rounds: number;
  think: number;
  plain: number;
  laps: number;
  beside?: true;
  json?: string;
}

export function benchBatch(program: Command): void {
  program
    .command('batch')
    .description('rows a second of a batch, beside the same sessions without one, and how its history and memory grow')
    .option('--rows <n>', 'rows of the batch', whole, 500)
    .option('--rollouts <n>', 'rollouts of each row', whole, 2)
    .option('--window <n>', 'sessions at once', whole, 16)
    .option('--rounds <n>', 'model replies of a session', whole, 2)
    .option('--think <ms>', 'how long a model reply takes', whole, 0)
    .option('--plain <n>', 'sessions without a batch, before and after it', whole, 200)
    .option('--laps <n>', 'batches that share the rows, in turns with sessions without one', whole, 1)
    .option('--beside', 'the rate alone, beside sessions without a batch at the same time: for a machine that is busy')
    .option('--json <file>', 'write the figures to a file')
    .action(run);
}

async function run({ json, beside, ...load }: Options): Promise<void> {
  const before = loadavg()[0] ?? 0;
  const say = (line: string) => console.error(line);
  const figures = beside ? await runSideBySide(load, say) : await runBatchBench(load, say);
  for (const line of 'runs' in figures ? linesOf(figures) : [besideLine(figures)]) console.log(line);
  console.log(
    `${availableParallelism()} cores, load ${before.toFixed(1)} before the run · Node ${process.version} · ${figures.server}`,
  );
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ load, ...figures }, null, 2)}\n`);
}

const besideLine = ({ batch, plain, seconds }: SideBySide): string =>
  `in ${seconds.toFixed(0)} s: ${batch} sessions in the batch, ${plain} without one · overhead ${((plain / batch - 1) * 100).toFixed(1)} % (at most 5 is promised)`;

function linesOf({ batchPerSecond, plainPerSecond, batchCpu, plainCpu, tasks, runs, memory }: BatchFigures): string[] {
  const cpu = ({ worker, server }: BatchFigures['batchCpu']) => `${worker.toFixed(1)} + ${server.toFixed(1)}`;
  const more = (batchCpu.worker + batchCpu.server) / (plainCpu.worker + plainCpu.server) - 1;
  const most = (pick: (run: BatchFigures['runs'][number]) => number) => Math.max(...runs.map(pick));
  return [
    `batch ${batchPerSecond.toFixed(2)} sessions/s · without one ${plainPerSecond.toFixed(2)} · overhead ${((plainPerSecond / batchPerSecond - 1) * 100).toFixed(1)} % (at most 5 is promised)`,
    `CPU ms a session, worker + server: batch ${cpu(batchCpu)} · without one ${cpu(plainCpu)} · overhead ${(more * 100).toFixed(1)} %`,
    `${runs.length} runs, each at most ${most(({ events }) => events)} events and ${most(({ bytes }) => bytes)} bytes of history; ${tasks.toFixed(2)} workflow tasks a session`,
    ...tableLines(
      ['done', 'sessions/s', 'worker MB', 'batch run'],
      memory.map(({ done, perSecond, rss, run }) => [`${done}`, perSecond.toFixed(2), `${Math.round(rss)}`, `${run}`]),
    ),
  ];
}
