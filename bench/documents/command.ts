import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { median } from '../statistics.ts';
import { tableLines } from '../table.ts';
import { makePdf, makeSheet } from './made-files.ts';
import { READERS, type Reader, type ReadFigures } from './read-one.ts';

const PROGRAM = fileURLToPath(new URL('./read-one.ts', import.meta.url));
const NAMES: Record<Reader, string> = {
  bare: 'the bare library',
  ours: 'as parse_file reads',
  contained: 'the same in its process',
};

export function benchDocuments(program: Command): void {
  program
    .command('documents')
    .description('what reading a long PDF and a large sheet costs beside the bare libraries')
    .option('--pages <number>', 'pages of the PDF', Number, 500)
    .option('--rows <number>', 'rows of the sheet', Number, 100_000)
    .option('--runs <number>', 'runs of each', Number, 5)
    .action(async ({ pages, rows, runs }: Record<'pages' | 'rows' | 'runs', number>) => {
      const folder = await mkdtemp(join(tmpdir(), 'bench-documents-'));
      try {
        const files = { 'made.pdf': makePdf(pages), 'made.xlsx': makeSheet(rows) };
        for (const [name, bytes] of Object.entries(files)) {
          const path = join(folder, name);
          await writeFile(path, bytes);
          console.log(`\n${name}, ${(bytes.length / 1024 / 1024).toFixed(1)} MB`);
          console.log((await measured(path, runs)).join('\n'));
        }
      } finally {
        await rm(folder, { recursive: true });
      }
    });
}

/** In turn, so that what slows the machine for a while slows all of them. */
async function measured(path: string, runs: number): Promise<string[]> {
  const figures: Record<Reader, ReadFigures[]> = { bare: [], ours: [], contained: [] };
  for (let run = 0; run < runs; run++) for (const reader of READERS) figures[reader].push(await readOnce(reader, path));
  const rows = READERS.map((reader) => {
    const all = figures[reader];
    return [
      NAMES[reader],
      median(all.map(({ seconds }) => seconds)).toFixed(2),
      reader === 'contained' ? '' : median(all.map(({ peakMb }) => peakMb)).toFixed(0),
      all[0]!.characters.toLocaleString('en-US'),
    ];
  });
  return tableLines(['reading', 'seconds', 'peak MB', 'characters'], rows);
}

async function readOnce(reader: Reader, path: string): Promise<ReadFigures> {
  const child = fork(PROGRAM, [reader, path]);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`Reading ${path} ended with code ${code}.`);
  });
  const [figures] = await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => {});
  child.kill();
  return figures as ReadFigures;
}
