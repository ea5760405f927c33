import { setImmediate } from 'node:timers/promises';
import type { CheckedClaims, Citation, Quotation } from '../../protocol/claims.ts';
import type { Artifact } from '../../protocol/result.ts';
import type { Source } from '../../protocol/tool-call.ts';
import type { Segment } from '../../protocol/trajectory.ts';
import { normalText } from '../reading/normal-text.ts';
import { type ComparablePage, comparablePage } from '../reading/verbatim.ts';
import { type CitedPlace, findCitations } from './find-citations.ts';
import { findQuotations, type QuotedPlace } from './find-quotations.ts';
import { nearFinder } from './near-match.ts';
import { baseName, sourceKey } from './source-key.ts';
import { type ReadText, type WhatWasRead, whatWasRead } from './what-was-read.ts';

export interface ClaimsToCheck {
  answer: string;
  /** What the session was asked; words of it are nobody else's. */
  question: string;
  segments: readonly Segment[];
  sources: readonly Source[];
  /** Files that the session made. */
  artifacts?: readonly Pick<Artifact, 'name'>[];
  /** The whole text of a source that was opened, where it was kept. */
  keptText?: (source: Source) => Promise<string | undefined>;
}

/** What the result can hold and somebody may read. */
const MOST_CITATIONS = 60;
const MOST_QUOTATIONS = 60;
const LONGEST_TEXT = 200;

/** In characters; what is behind that is not checked. */
const LONGEST_ANSWER = 300_000;

/** Compares what an answer cites and quotes with all that the session read. */
export async function checkClaims(claims: ClaimsToCheck): Promise<CheckedClaims> {
  const { question, segments, sources, artifacts = [] } = claims;
  const answer = claims.answer.slice(0, LONGEST_ANSWER);
  const read = whatWasRead(segments, sources);
  const own = new Set(artifacts.flatMap(({ name }) => [sourceKey(name), baseName(sourceKey(name))]));
  const isOwn = (key: string) => own.has(key) && !read.opened.has(key);
  const places = [...findCitations(answer), ...namedDocuments(answer, sources)].filter(
    ({ source }) => !isOwn(sourceKey(source)),
  );
  const asked = comparablePage(question);
  const quoted = findQuotations(answer).filter(({ text }) => !asked.find(text));
  const desk = readingDesk(read, claims);
  const quotations: Quotation[] = [];
  for (const quotation of quoted.slice(0, MOST_QUOTATIONS)) {
    quotations.push(await checkQuotation(quotation, citedWith(quotation, quoted, places, answer), desk));
  }
  return { citations: citationsOf(places, read).slice(0, MOST_CITATIONS), quotations };
}

/** Documents of a folder have names instead of addresses, and are cited by these without a mark. */
function namedDocuments(answer: string, sources: readonly Source[]): CitedPlace[] {
  return sources.flatMap(({ url }) => {
    if (/^https?:/i.test(url)) return [];
    const key = sourceKey(url);
    const lower = answer.toLowerCase();
    for (const name of [key, baseName(key)]) {
      const at = name.length > 4 ? lower.indexOf(name) : -1;
      if (at >= 0 && !/[\p{L}\p{N}/-]/u.test(answer[at - 1] ?? '')) return [{ source: url, at }];
    }
    return [];
  });
}

function citationsOf(places: readonly CitedPlace[], read: WhatWasRead): Citation[] {
  const byKey = new Map<string, Citation>();
  for (const { source } of places) {
    const key = openedKey(source, read);
    if (!byKey.has(key)) byKey.set(key, { source: cut(source), state: stateOf(key, source, read) });
  }
  return [...byKey.values()];
}

/** A document is often cited by the last part of its name, a paper by its title. */
function openedKey(source: string, { opened, titles }: WhatWasRead): string {
  const key = sourceKey(source);
  if (opened.has(key)) return key;
  const named = [...opened].find((one) => baseName(one) === key);
  if (named !== undefined || /^(?:https?:|\[)/i.test(source)) return named ?? key;
  const words = normalText(source).text;
  return titles.find(({ title }) => words.includes(title))?.key ?? key;
}

function stateOf(key: string, source: string, { opened, listed, results }: WhatWasRead): Citation['state'] {
  if (opened.has(key)) return 'opened';
  if (listed.has(key)) return 'listed';
  const isName = !/^https?:/i.test(source) && !/^\[.*\]$/.test(source);
  return isName && results.includes(key) ? 'listed' : 'unseen';
}

/**
 * The sources given for a quotation: those after it in its paragraph, before the next quotation, else the one before;
 * for a quoted paragraph without one, the line that introduces it.
 */
function citedWith(
  { start, end }: QuotedPlace,
  quoted: readonly QuotedPlace[],
  places: readonly CitedPlace[],
  answer: string,
): CitedPlace[] {
  const from = answer.lastIndexOf('\n\n', start) + 1;
  const closes = answer.indexOf('\n\n', end);
  const paragraph = closes < 0 ? answer.length : closes;
  const next = Math.min(paragraph, ...quoted.filter((other) => other.start >= end).map((other) => other.start));
  const after = places.filter(({ at }) => at >= start && at < next);
  if (after.length > 0) return after;
  const isParagraph = /^\s*>/.test(answer.slice(start, end));
  const introduced = isParagraph ? answer.lastIndexOf('\n\n', from - 3) + 1 : from;
  return places.filter(({ at }) => at >= introduced && at < start).slice(-1);
}

/** The texts, each prepared for comparison when it is first needed. */
interface Desk {
  texts: (ReadText & { page: () => ComparablePage; isNear: (quote: string) => boolean })[];
  kept(key: string): Promise<Desk['texts']>;
  read: WhatWasRead;
}

/** Whole pages that are looked into besides what the session saw of them. */
const MOST_KEPT = 20;

function readingDesk(read: WhatWasRead, { sources, keptText }: ClaimsToCheck): Desk {
  const prepared = (text: ReadText): Desk['texts'][number] => {
    let page: ComparablePage | undefined;
    let near: ReturnType<typeof nearFinder> | undefined;
    const comparable = () => {
      page ??= comparablePage(text.text);
      return page;
    };
    const isNear = (quote: string) => {
      near ??= nearFinder(comparable().normal);
      return near(normalText(quote).text);
    };
    return { ...text, page: comparable, isNear };
  };
  const pages = new Map<string, Promise<Desk['texts']>>();
  const load = async (key: string): Promise<Desk['texts']> => {
    const source = sources.find(({ url }) => sourceKey(url) === key);
    const text = source && (await keptText?.(source));
    return text ? [prepared({ key, name: source.url, text })] : [];
  };
  return {
    texts: read.texts.map(prepared),
    read,
    async kept(key) {
      if (!pages.has(key) && pages.size >= MOST_KEPT) return [];
      if (!pages.has(key)) pages.set(key, load(key));
      return pages.get(key)!;
    },
  };
}

async function checkQuotation({ text }: QuotedPlace, cited: CitedPlace[], desk: Desk): Promise<Quotation> {
  const keys = cited.map(({ source }) => openedKey(source, desk.read));
  const pieces = piecesOf(text);
  const isIn = ({ page }: Desk['texts'][number]) => pieces.every((piece) => page().find(piece) !== undefined);
  const isNearly = ({ page, isNear }: Desk['texts'][number]) =>
    pieces.every((piece) => page().find(piece) !== undefined || isNear(piece));
  /** Of several sources that are given, the one that has it. */
  const given = (having?: Desk['texts'][number]) => {
    const cites = cited[Math.max(0, keys.indexOf(having?.key ?? ''))]?.source;
    return { text: cut(text.replace(/\s+/g, ' ').trim()), ...(cites === undefined ? {} : { cites: cut(cites) }) };
  };

  const theirs = desk.texts.filter(({ key }) => key !== undefined && keys.includes(key));
  const seen = await first(theirs, isIn);
  if (seen) return { ...given(seen), state: 'found' };
  const whole = (await Promise.all(keys.map((key) => desk.kept(key)))).flat();
  const kept = await first(whole, isIn);
  if (kept) return { ...given(kept), state: 'found' };
  const elsewhere = await first(desk.texts, isIn);
  if (elsewhere) return { ...given(), state: 'found', in: cut(elsewhere.name) };
  const near = await first([...theirs, ...whole], isNearly);
  if (near) return { ...given(near), state: 'nearly' };
  const nearby = await first(desk.texts, isNearly);
  return nearby ? { ...given(), state: 'nearly', in: cut(nearby.name) } : { ...given(), state: 'missing' };
}

/** Preparing all texts of a long session takes seconds, in which others have work for this process too. */
async function first(texts: Desk['texts'], matches: (text: Desk['texts'][number]) => boolean) {
  for (const text of texts) {
    if (matches(text)) return text;
    await setImmediate();
  }
  return undefined;
}

/** What stands between ellipses and the quoting person's own words in brackets. */
function piecesOf(text: string): string[] {
  const pieces = text.split(/\s*(?:\[[^\]]*\](?!\()|…+|\.{3,})\s*/).filter((piece) => /[\p{L}\p{N}]{2}/u.test(piece));
  const long = pieces.filter((piece) => normalText(piece).text.length >= 8);
  return long.length > 0 ? long : [text];
}

const cut = (text: string): string =>
  text.length > LONGEST_TEXT
    ? `${text
        .slice(0, LONGEST_TEXT - 1)
        .toWellFormed()
        .replace(/\ufffd$/, '')}…`
    : text;
