import { type DocumentKind, isMarkdown } from '../documents/readable-document.ts';
import { cleanTitle, markdownHeadings } from '../documents/titles.ts';

/** A stretch of a document. The passages of a document, put together, are its text. */
export interface Passage {
  /** Headings above the passage, outermost first, with the last of its own when it begins with one. */
  headings: string[];
  /** Verbatim. */
  text: string;
}

/** Length that passages grow to, in characters: a screenful, small enough to quote and large enough to understand. */
const TARGET = 1500;

/** A shorter passage goes together with the next one below the same heading, in characters. */
const SMALL = 400;

/** Cuts a document into passages at headings, pages and paragraphs. Formats without them are cut at lines. */
export function cutPassages(text: string, kind: DocumentKind): Passage[] {
  const cut = sections(text, kind).flatMap(pieces);
  // Pages stay apart, so that a hit tells the page.
  return kind === 'pdf' ? cut : mergeSmall(cut);
}

function sections(text: string, kind: DocumentKind): Passage[] {
  if (isMarkdown(kind)) return markdownSections(text);
  if (kind === 'pdf') return pdfPages(text);
  if (kind === 'csv' || kind === 'tsv') {
    // Rows say little without the names of their columns.
    const header = text.slice(0, text.indexOf('\n') + 1 || undefined).trim();
    return [{ headings: header.length <= 300 ? [header] : [], text }];
  }
  return [{ headings: [], text }];
}

function markdownSections(text: string): Passage[] {
  const found: Passage[] = [];
  let path: { level: number; title: string }[] = [];
  let start = 0;
  const close = (end: number) => {
    if (end > start) found.push({ headings: path.map(({ title }) => title), text: text.slice(start, end) });
    start = end;
  };
  for (const { level, title, at } of markdownHeadings(text)) {
    close(at);
    path = [...path.filter((above) => above.level < level), { level, title: cleanTitle(title) }];
  }
  close(text.length);
  return found;
}

function pdfPages(text: string): Passage[] {
  const pages = text.split(/(?<=\n\f\n)/);
  return pages.map((page, i) => ({ headings: pages.length > 1 ? [`Page ${i + 1}`] : [], text: page }));
}

/** Joins a small passage with the one after it, where that one is of the same section, beside it or below it. */
function mergeSmall(all: Passage[]): Passage[] {
  const merged: Passage[] = [];
  for (const passage of all) {
    const last = merged.at(-1);
    const fits = last && last.text.length < SMALL && last.text.length + passage.text.length <= TARGET;
    if (fits && isAt(last.headings.slice(0, -1), passage.headings)) {
      last.text += passage.text;
      if (isAt(last.headings, passage.headings)) last.headings = passage.headings;
    } else merged.push({ ...passage });
  }
  return merged;
}

const isAt = (above: string[], path: string[]): boolean => above.every((heading, i) => path[i] === heading);

/** Cuts a section into pieces of about the target length, at the best places there are. */
function pieces({ headings, text }: Passage): Passage[] {
  const cut: Passage[] = [];
  for (const block of blocks(text)) {
    const last = cut.at(-1);
    // White space never stands alone, it ends the piece before it.
    if (last && (last.text.length + block.length <= TARGET || !block.trim())) last.text += block;
    else cut.push({ headings, text: block });
  }
  return cut;
}

/** Paragraphs, and the parts of those that are too long: list items or lines, then sentences, then what fits. */
function blocks(text: string): string[] {
  return splitAfter(text, /\n[ \t]*\n+/g)
    .flatMap((paragraph) => (paragraph.length > TARGET ? splitLines(paragraph) : [paragraph]))
    .flatMap((line) => (line.length > TARGET ? splitAfter(line, /[.!?]["')\]]*\s+|[。！？；]["'”’）」』]*/g) : [line]))
    .flatMap((sentence) => (sentence.length > TARGET ? splitHard(sentence) : [sentence]));
}

/** Where a paragraph has list items, its lines are cut only before an item, so that each stays whole. */
function splitLines(paragraph: string): string[] {
  const items = paragraph.split(/(?<=\n)(?=[ \t]*(?:[-*+]|\d+[.)])[ \t])/);
  return items.flatMap((item) => (item.length > TARGET ? splitAfter(item, /\n/g) : [item]));
}

function splitAfter(text: string, end: RegExp): string[] {
  const parts: string[] = [];
  let start = 0;
  for (const match of text.matchAll(end)) {
    const stop = match.index + match[0].length;
    parts.push(text.slice(start, stop));
    start = stop;
  }
  if (start < text.length) parts.push(text.slice(start));
  return parts;
}

function splitHard(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  while (text.length - start > TARGET) {
    const space = text.lastIndexOf(' ', start + TARGET);
    let stop = space > start + TARGET / 2 ? space + 1 : start + TARGET;
    // Both halves of a character beyond the basic plane stay together.
    if (/[\ud800-\udbff]/.test(text[stop - 1]!)) stop--;
    parts.push(text.slice(start, stop));
    start = stop;
  }
  parts.push(text.slice(start));
  return parts;
}
