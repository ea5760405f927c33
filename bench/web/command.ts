import type { Command } from 'commander';
import { tableLines } from '../table.ts';
import { measureBrowser } from './browser.ts';
import { measureCachedCalls } from './cached-call.ts';
import { measureCorpus } from './corpus.ts';
import { measurePages } from './pages.ts';

const ms = (value: number) => value.toFixed(value < 10 ? 2 : 1);

export function benchWeb(program: Command): void {
  program
    .command('web')
    .description('what pages and searches cost: reading, a folder of documents, a provider, the cache')
    .option('--documents <number>', 'documents in the folder', Number, 100_000)
    .action(async ({ documents }: { documents: number }) => {
      const print = (lines: string[]) => console.log(`\n${lines.join('\n')}`);
      const pages = await measurePages();
      print(
        tableLines(
          ['reading', 'pages', 'pages/s', 'KiB a page', 'KiB largest'],
          pages.map(({ name, figures: { pages, pagesASecond, meanKiB, largestKiB } }) => [
            name,
            ...[pages, pagesASecond, meanKiB, largestKiB].map((value) => value.toFixed(0)),
          ]),
        ),
      );
      const browser = await measureBrowser();
      print([
        browser
          ? `a page in Chromium: ${ms(browser.pageMs)} ms, ${ms(browser.atOnceMs)} ms a page with three at once; ` +
            `Chromium starts in ${ms(browser.startMs)} ms and takes ${browser.idleMb.toFixed(0)} MB without pages`
          : 'pages in Chromium are not measured: there is none on the PATH',
      ]);
      const calls = await measureCachedCalls();
      print(
        tableLines(
          ['a call of search', 'median ms', 'p95 ms', 'CPU ms'],
          calls.map(({ name, medianMs, p95Ms, cpuMs }) => [name, ms(medianMs), ms(p95Ms), ms(cpuMs)]),
        ),
      );
      const corpus = await measureCorpus(documents, (line) => console.log(line));
      print([
        `${corpus.documents} documents, ${corpus.megabytes.toFixed(0)} MB of text`,
        `index built in ${corpus.buildSeconds.toFixed(0)} s (${(corpus.documents / corpus.buildSeconds).toFixed(0)} documents a second), ` +
          `${corpus.indexMegabytes.toFixed(0)} MB; peak memory ${corpus.peakMegabytes.toFixed(0)} MB`,
        `a look through the folder when nothing has changed: ${corpus.refreshSeconds.toFixed(1)} s`,
      ]);
      print(
        tableLines(
          ['words in the query', 'median ms', 'p95 ms', 'worst ms'],
          corpus.searches.map(({ words, medianMs, p95Ms, worstMs }) => [
            String(words),
            ms(medianMs),
            ms(p95Ms),
            ms(worstMs),
          ]),
        ),
      );
    });
}
