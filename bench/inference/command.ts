import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { median, pairedRatio, quantile } from '../statistics.ts';
import { tableLines } from '../table.ts';
import { startWorkerStand } from '../worker-stand.ts';
import { bare, InferTimes, inferOn, parsed } from './contestants.ts';
import { firstTokens, type Lap, race } from './race.ts';

/** A single reply of a fast server, and as many as a worker may have, each at the pace of a loaded GPU. */
const LOADS = [
  { tokens: 1000, tokenMs: 5, together: 1 },
  { tokens: 500, tokenMs: 20, together: 100 },
];

/** Replies of one token. */
const FIRST_TOKENS = 200;

const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

export function benchInference(program: Command): void {
  program
    .command('inference')
    .description('what `infer` costs beside a bare streaming call: CPU a token, first token, 100 streams at once')
    .option('--repeat <n>', 'laps measured of each', Number, 5)
    .action(run);
}

async function run({ repeat }: { repeat: number }): Promise<void> {
  const say = (line: string) => console.error(line);
  const load = loadavg()[0] ?? 0;
  const times = new InferTimes();
  const stand = await startWorkerStand({
    model: [pathOf('./stream-model.ts')],
    workflowsPath: pathOf('./workflows.ts'),
    activities: (ours) => ({ ...ours, infer: times.measure(ours.infer) }),
    worker: { maxConcurrentActivityTaskExecutions: 200 },
    say,
  });
  try {
    const contestants = { 'bare undici': bare(stand), 'read as JSON': parsed(stand), infer: inferOn(stand, times) };
    say(`first tokens, ${FIRST_TOKENS} replies of each`);
    print(firstTokenLines(await firstTokens(contestants, FIRST_TOKENS)));
    for (const order of LOADS) {
      say(`${order.together} at once, ${order.tokens} tokens of ${order.tokenMs} ms`);
      const title = `${order.together} at once, ${1000 / order.tokenMs} tokens/s`;
      print(lapLines(title, await race(contestants, order, repeat)));
    }
    console.log(
      `${availableParallelism()} cores, load ${load.toFixed(1)} before the run · Node ${process.version} · ${stand.server}`,
    );
  } finally {
    await stand.stop();
  }
}

const print = (lines: string[]) => console.log(`${lines.join('\n')}\n`);

function firstTokenLines(times: Record<string, number[]>): string[] {
  const beside = times['bare undici'] ?? [];
  const rows = Object.entries(times).map(([name, all]) => [
    name,
    median(all).toFixed(2),
    quantile(all, 0.95).toFixed(2),
    (median(all) - median(beside)).toFixed(2),
  ]);
  return tableLines(['reply of one token', 'ms', '95 %', 'beyond bare'], rows);
}

function lapLines(title: string, laps: Record<string, Lap[]>): string[] {
  const cpu = (of: readonly Lap[] = []) => of.map(({ cpuMs }) => cpuMs);
  const rows = Object.entries(laps).map(([name, all]) => [
    name,
    median(cpu(all)).toFixed(1),
    pairedRatio(cpu(all), cpu(laps['bare undici'])).toFixed(2),
    median(all.map(({ lateMs }) => lateMs)).toFixed(0),
  ]);
  return tableLines([title, 'CPU ms for 1,000 tokens', 'x bare', 'ms late'], rows);
}
