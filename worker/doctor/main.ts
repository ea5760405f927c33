import { parseArgs, styleText } from 'node:util';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { redact } from '../../protocol/redact.ts';
import { examine, examineMine, PARTS, type Part } from './examine.ts';
import type { Finding } from './finding.ts';

const HELP = `Usage: deep-research doctor [--json] [--skip PARTS | --mine]

Looks at all that a deployment needs, with the worker's own configuration, and
says how to mend what is wrong. Each model server gets two calls of one token,
each search provider one query. Exit code 1 where sessions would fail or wait.

Options:
  --json          one JSON document for programs
  --skip <parts>  leave out, separated by commas: ${PARTS.join(', ')}
  --mine          only whether a worker of this very machine or container polls
                  its queues: for health checks
  --help          print this
`;

const MARKS = { good: ['✓', 'green'], warning: ['!', 'yellow'], bad: ['✗', 'red'] } as const;

try {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean' },
      mine: { type: 'boolean' },
      skip: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  process.exitCode = values.help
    ? help()
    : await run(values.json === true, () =>
        values.mine ? examineMine(process.env) : examine(process.env, skipped(values.skip)),
      );
} catch (error) {
  console.error(`deep-research: ${redact(error instanceof Error ? error.message : String(error))}`);
  process.exitCode = 2;
}
// A connection that is still tried would keep the process alive.
process.exit();

function help(): number {
  process.stdout.write(HELP);
  return 0;
}

function skipped(list = ''): Part[] {
  const names = list.split(',').flatMap((name) => name.trim() || []);
  const unknown = names.find((name) => !(PARTS as readonly string[]).includes(name));
  if (unknown !== undefined) throw new Error(`--skip: expected some of ${PARTS.join(', ')}, got "${unknown}".`);
  return names as Part[];
}

async function run(json: boolean, look: () => Promise<Finding[]>): Promise<number> {
  // Its warnings are findings here.
  Runtime.install({ logger: new DefaultLogger('ERROR', () => {}) });
  const findings = await look();
  const bad = findings.filter(({ state }) => state === 'bad').length;
  const warnings = findings.filter(({ state }) => state === 'warning').length;
  const text = json
    ? JSON.stringify({ good: bad === 0, faults: bad, warnings, findings }, null, 2)
    : [...findings.map(lineOf), '', verdict(bad, warnings)].join('\n');
  process.stdout.write(`${redact(text)}\n`);
  return bad === 0 ? 0 : 1;
}

function lineOf({ check, state, says, mend }: Finding): string {
  const [mark, colour] = MARKS[state];
  const plain = !process.stdout.isTTY || process.env.NO_COLOR || process.env.TERM === 'dumb';
  const shown = plain ? mark : styleText(colour, mark, { validateStream: false });
  return `${shown} ${check.padEnd(18)}${says}${mend ? `\n${' '.repeat(20)}→ ${mend}` : ''}`;
}

function verdict(bad: number, warnings: number): string {
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;
  if (bad === 0 && warnings === 0) return 'Everything is well.';
  if (bad === 0) return `It works; ${count(warnings, 'warning')}.`;
  return `${count(bad, 'fault')}${warnings > 0 ? ` and ${count(warnings, 'warning')}` : ''}.`;
}
