import { writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import type { Command } from 'commander';
import { whole } from '../options.ts';
import { quantile } from '../statistics.ts';
import { tableLines } from '../table.ts';
import { runSideBySide, type SideBySide } from './beside.ts';
import { cpuText, overheadOf } from './laps.ts';
import { type BatchFigures, runBatchBench } from './run.ts';
import type { BatchLoad } from './sessions.ts';

interface Options extends BatchLoad {
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
    .option('--plain <n>', 'sessions without a batch, before, between and after its parts', whole, 1000)
    .option('--laps <n>', 'parts of the batch, between which it is paused for sessions without one', whole, 4)
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
  `in ${seconds.toFixed(0)} s: ${batch} sessions in the batch, ${plain} without one · overhead ${percent(plain / batch - 1)} (at most 5 is promised)`;

function linesOf({ batch, plain, laps, tasks, runs, memory }: BatchFigures): string[] {
  const overhead = overheadOf(batch, plain);
  const most = (pick: (run: BatchFigures['runs'][number]) => number) => Math.max(...runs.map(pick));
  const spread = (pick: (lap: BatchFigures['laps'][number]) => number) => {
    const values = laps.map(pick);
    return [0.5, 0.25, 0.75].map((share) => percent(quantile(values, share))).join(', ');
  };
  return [
    `batch ${batch.perSecond.toFixed(2)} sessions/s · without one ${plain.perSecond.toFixed(2)} · overhead ${percent(overhead.rate)} (at most 5 is promised)`,
    `CPU ms a session, worker + server: batch ${cpuText(batch)} · without one ${cpuText(plain)} · overhead ${percent(overhead.cpu)}`,
    `${laps.length} laps, each over the sessions before and after it, median and quartiles: rate ${spread(({ rate }) => rate)} · CPU ${spread((lap) => lap.cpu)}`,
    `${runs.length} runs, each at most ${most(({ events }) => events)} events and ${most(({ bytes }) => bytes)} bytes of history; ${tasks.toFixed(2)} workflow tasks a session`,
    ...tableLines(
      ['done', 'worker MB', 'batch run'],
      memory.map(({ done, rss, run }) => [`${done}`, `${Math.round(rss)}`, `${run}`]),
    ),
  ];
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
