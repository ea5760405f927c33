import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { PageFigures } from './read-pages.ts';

const PROGRAM = fileURLToPath(new URL('./read-pages.ts', import.meta.url));

/** Reads the saved pages, one reader after the other, each in a process whose heap is not cleared while a page is read. */
export async function measurePages(): Promise<{ name: string; figures: PageFigures }[]> {
  const results: { name: string; figures: PageFigures }[] = [];
  for (const [reader, name] of [
    ['bare', 'linkedom and Readability alone'],
    ['ours', 'as `visit` reads'],
  ] as const) {
    const child = fork(PROGRAM, [reader], { execArgv: ['--expose-gc', '--max-semi-space-size=256'] });
    const [figures] = (await once(child, 'message')) as [PageFigures];
    child.kill();
    results.push({ name, figures });
  }
  return results;
}
