import { writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import { whole } from '../options.ts';
import { bare, naive, session } from './contestants.ts';
import { figuresOf, historyTable, type Pair, verdictLines } from './figures.ts';
import { race } from './race.ts';
import { startStand } from './stand.ts';

/** Rounds a workflow runs before it is the other's turn. */
const LAP_ROUNDS = 10;

/** The context of 128K tokens that 150 rounds of a research session come to. */
const SIZES = { reply: 1000, result: 2800 };

interface Options {
  rounds: number;
  repeat: number;
  naive: boolean;
  json?: string;
}

export function benchHistory(program: Command): void {
  program
    .command('history')
    .description('what a round costs in history and in time, beside a bare loop and beside the transcript as input')
    .option('--rounds <n>', `rounds of each workflow, in steps of ${LAP_ROUNDS}`, rounds, 150)
    .option('--repeat <n>', 'sessions measured, one after another', whole, 3)
    .option('--no-naive', 'leave out the design with the transcript as input')
    .option('--json <file>', 'write the figures to a file')
    .action(run);
}

async function run({ rounds, repeat, naive: withNaive, json }: Options): Promise<void> {
  const say = (line: string) => console.error(line);
  const load = loadavg()[0] ?? 0;
  const stand = await startStand({
    lapRounds: LAP_ROUNDS,
    rounds,
    replyCharacters: SIZES.reply,
    resultCharacters: SIZES.result,
    say,
  });
  try {
    const course = { rounds, lapRounds: LAP_ROUNDS };
    const sessions: Pair[] = [];
    for (let i = 1; i <= repeat; i += 1) {
      say(`session ${i} of ${repeat}, ${rounds} rounds`);
      sessions.push(await race(stand, session(rounds), bare(rounds), course));
    }
    const bares = sessions.map(({ bare: beside }) => ({ run: beside, bare: beside }));
    const naives: Pair[] = [];
    if (withNaive) {
      say(`transcript as input, ${rounds} rounds`);
      naives.push(await race(stand, naive(rounds, SIZES), bare(rounds), course));
    }
    const designs = {
      'bare loop': figuresOf(bares),
      deepResearch: figuresOf(sessions),
      ...(naives.length ? { 'transcript as input': figuresOf(naives) } : {}),
    };
    const machine = { cores: availableParallelism(), node: process.version, server: stand.server, loadBefore: load };
    for (const line of historyTable(designs)) console.log(line);
    for (const [name, { ended, rounds: done }] of Object.entries(designs)) {
      if (ended !== undefined) console.log(`${name} ended after ${done} rounds: ${ended}`);
    }
    console.log(
      `\n${machine.cores} cores, load ${load.toFixed(1)} before the run · Node ${machine.node} · ${machine.server}`,
    );
    for (const line of verdictLines(designs.deepResearch)) console.log(line);
    if (json !== undefined) writeFileSync(json, `${JSON.stringify({ machine, designs, sessions, naives }, null, 2)}\n`);
  } finally {
    await stand.stop();
  }
}

/** The first lap is not timed, so there must be a second. */
function rounds(text: string): number {
  const value = whole(text);
  if (value % LAP_ROUNDS !== 0 || value < 2 * LAP_ROUNDS) {
    throw new InvalidArgumentError(`expected a multiple of ${LAP_ROUNDS} from ${2 * LAP_ROUNDS} on.`);
  }
  return value;
}
