import { writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import type { Command } from 'commander';
import { openGround } from '../ground.ts';
import { whole } from '../options.ts';
import { tableLines } from '../table.ts';
import { runSoak, type SoakSample } from './run.ts';

interface Options {
  minutes: number;
  sessions: number;
  rounds: number;
  think: number;
  address?: string;
  json?: string;
}

export function benchSoak(program: Command): void {
  program
    .command('soak')
    .description('sessions that search, read and run commands for hours: memory, file handles and disk of their worker')
    .option('--minutes <n>', 'how long new sessions are started', whole, 120)
    .option('--sessions <n>', 'open at any time', whole, 50)
    .option('--rounds <n>', 'rounds of each session', whole, 20)
    .option('--think <seconds>', 'how long a model reply takes, 0.5 to 1.5 times this', whole, 20)
    .option('--address <host:port>', 'a Temporal server that runs, in place of a dev server of its own')
    .option('--json <file>', 'write all samples to a file, each time one is taken')
    .action(run);
}

async function run({ address, json, ...soak }: Options): Promise<void> {
  const before = loadavg()[0] ?? 0;
  const { ground, server, stop } = await openGround({ address, serverPid: [] }, (line) => console.error(line));
  try {
    const all: SoakSample[] = [];
    const samples = await runSoak(ground, soak, (sample) => {
      all.push(sample);
      console.error(rowOf(sample).join('  '));
      if (json !== undefined) writeFileSync(json, `${JSON.stringify({ server, soak, samples: all }, null, 2)}\n`);
    });
    const every = Math.max(1, Math.floor(samples.length / 12));
    const shown = samples.filter((_, index) => index % every === 0 || index === samples.length - 1);
    for (const line of tableLines(HEADER, shown.map(rowOf))) console.log(line);
    console.log(
      `${availableParallelism()} cores, load ${before.toFixed(1)} before the run · Node ${process.version} · ${server}`,
    );
  } finally {
    await stop();
  }
}

const HEADER = [
  'minute',
  'ended',
  'wrong',
  'MB',
  'handles',
  'threads',
  'processes',
  'disk MB',
  'files',
  'store MB',
  'temporary',
];

const rowOf = (sample: SoakSample): string[] => [
  sample.minute.toFixed(0),
  `${sample.ended}`,
  `${sample.wrong}`,
  sample.memory.toFixed(0),
  `${sample.handles}`,
  `${sample.threads}`,
  `${sample.processes}`,
  (sample.disk / 1e6).toFixed(1),
  `${sample.files}`,
  (sample.store / 1e6).toFixed(1),
  `${sample.temporary}`,
];
