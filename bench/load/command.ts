import { writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import type { Command } from 'commander';
import { openGround } from '../ground.ts';
import { whole, wholeNumbers } from '../options.ts';
import { tableLines } from '../table.ts';
import { CONTESTANTS, type LoadFigures, runLoad } from './run.ts';

interface Options {
  sessions: number[];
  rounds: number;
  think: number;
  bare: boolean;
  telemetry: boolean;
  address?: string;
  serverPid: number[];
  json?: string;
}

export function benchLoad(program: Command): void {
  program
    .command('load')
    .description('many sessions open at once on one worker, beside a bare Temporal loop on the same server')
    .option('--sessions <list>', 'how many are open at once, one measurement each', wholeNumbers, [10, 100, 1000])
    .option('--rounds <n>', 'rounds of each session', whole, 10)
    .option('--think <seconds>', 'how long a model reply takes, 0.5 to 1.5 times this', Number, 0)
    .option('--no-bare', 'leave out the bare loop')
    .option('--telemetry', 'measure sessions with metrics and traces as well', false)
    .option('--address <host:port>', 'a Temporal server that runs, in place of a dev server of its own')
    .option(
      '--server-pid <list>',
      'processes of that server, whose processor time counts with their children',
      wholeNumbers,
      [],
    )
    .option('--json <file>', 'write the figures to a file')
    .action(run);
}

async function run({ sessions, rounds, think, bare, telemetry, json, ...where }: Options): Promise<void> {
  const say = (line: string) => console.error(line);
  const before = loadavg()[0] ?? 0;
  const { ground, server, stop } = await openGround(where, say);
  try {
    const figures: LoadFigures[] = [];
    for (const count of sessions) {
      for (const which of CONTESTANTS.filter((name) => ({ bare, ours: true, traced: telemetry })[name])) {
        figures.push(await runLoad(ground, which, { sessions: count, rounds, think }, say));
        say(rowOf(figures.at(-1) as LoadFigures).join('  '));
      }
    }
    for (const line of tableLines(HEADER, figures.map(rowOf))) console.log(line);
    for (const line of growthLines(figures)) console.log(line);
    console.log(
      `${availableParallelism()} cores, load ${before.toFixed(1)} before the run · Node ${process.version} · ${server}`,
    );
    if (json !== undefined) writeFileSync(json, `${JSON.stringify({ server, figures }, null, 2)}\n`);
  } finally {
    await stop();
  }
}

const HEADER = [
  'open at once',
  'starts/s',
  'MB idle',
  'MB open',
  'MB peak',
  'open: worker CPU ms/s',
  'server',
  'rounds/s',
  'worker CPU ms a round',
  'server CPU ms a round',
  'history bytes',
  'events',
];

const NAMES = { bare: 'bare loops', ours: 'sessions', traced: 'sessions with telemetry' };

const rowOf = (figures: LoadFigures): string[] => [
  `${figures.sessions} ${NAMES[figures.which]}`,
  figures.startsPerSecond.toFixed(1),
  ...[figures.memory.idle, figures.memory.open, figures.memory.peak].map((megabytes) => megabytes.toFixed(0)),
  figures.openCpu.worker.toFixed(2),
  figures.serverCpu > 0 ? figures.openCpu.server.toFixed(2) : '-',
  figures.roundsPerSecond.toFixed(1),
  figures.workerCpu.toFixed(1),
  figures.serverCpu > 0 ? figures.serverCpu.toFixed(1) : '-',
  Math.round(figures.historyBytes).toLocaleString('en'),
  String(figures.events),
];

/** What one more open session costs in memory, from the smallest measurement to the largest. */
function growthLines(figures: readonly LoadFigures[]): string[] {
  return CONTESTANTS.flatMap((which) => {
    const own = figures.filter((each) => each.which === which);
    const [first, last] = [own[0], own.at(-1)];
    if (!first || !last || first.sessions === last.sessions) return [];
    const kilobytes = ((last.memory.open - first.memory.open) * 1000) / (last.sessions - first.sessions);
    return [
      `${which}: ${kilobytes.toFixed(0)} KB of worker memory for each open session; rounds a second with ${last.sessions} ${(last.roundsPerSecond / first.roundsPerSecond).toFixed(2)} times those with ${first.sessions}`,
    ];
  });
}
