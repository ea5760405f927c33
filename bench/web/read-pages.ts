import { readDocument } from '../../activities/documents/read-document.ts';
import { bareReadability, bytesOf, savedPages, urlOf } from '../../test/support/pages/saved-pages.ts';

/** What a process of its own found out, so that one reader's memory is not counted as the other's. */
export interface PageFigures {
  pages: number;
  pagesASecond: number;
  /** Allocated while a page is read, in KiB: the mean, and of the largest page. */
  meanKiB: number;
  largestKiB: number;
}

const PASSES = 12;
/** The size of a long article with its frame: the saved pages are short. */
const LONG_BYTES = 200_000;

const reader = process.argv[2];
const html = savedPages.filter((page) => page.file.endsWith('.html') && !/gb2312|Windows-1251/i.test(page.kind));
const pages = html.flatMap((page) => {
  const bytes = bytesOf(page);
  const text = bytes.toString();
  const inner = /<body[^>]*>([\s\S]*)<\/body>/i.exec(text)?.[1];
  // Each page as it is, and most of them once more with their body many times over.
  const long = inner ? text.replace(inner, () => inner.repeat(Math.ceil(LONG_BYTES / inner.length / 10))) : text;
  return [text, long].map((source) => ({ source, bytes: Buffer.from(source), url: urlOf(page) }));
});

async function read({ source, bytes, url }: (typeof pages)[number]): Promise<void> {
  if (reader === 'bare') bareReadability(source);
  else await readDocument(bytes, { contentType: 'text/html; charset=utf-8', url });
}

async function measure(): Promise<PageFigures> {
  for (const page of pages) await read(page);
  const startedAt = performance.now();
  for (let pass = 0; pass < PASSES; pass++) for (const page of pages) await read(page);
  const seconds = (performance.now() - startedAt) / 1000;
  const kiB: number[] = [];
  for (const page of pages) {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    await read(page);
    kiB.push((process.memoryUsage().heapUsed - before) / 1024);
  }
  return {
    pages: pages.length,
    pagesASecond: (PASSES * pages.length) / seconds,
    meanKiB: kiB.reduce((sum, one) => sum + one, 0) / kiB.length,
    largestKiB: Math.max(...kiB),
  };
}

process.send?.(await measure());
