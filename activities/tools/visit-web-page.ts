import type { Lookup } from '../../protocol/tool-call.ts';
import { KIND_NAMES, type ReadableDocument } from '../documents/readable-document.ts';
import { bestPassages } from '../reading/best-passages.ts';
import type { PageReading, ReadForGoal } from '../reading/read-for-goal.ts';
import type { OpenPage, WebPage } from '../web/web-pages.ts';
import { passagesSummary, passagesText } from './results/passages-text.ts';
import type { OpenedPage, Opener } from './visit.ts';

/** Most characters of evidence from one page: with a goal, and without one, where more of it is wanted. */
const WITH_GOAL = 6000;
const WITHOUT_GOAL = 20_000;

/** Shown of a page that models found to have nothing for the goal, so that the reader can judge. */
const NOTHING_FOUND = 1500;

/**
 * Opens pages of the web. A page that is short enough is given whole, of a longer one what serves the goal.
 *
 * @param read reads long pages with the goal; without it the passages with the goal's words are taken
 */
export function openWebPage(openPage: OpenPage, read?: ReadForGoal): Opener {
  const open = async (url: string, goal: string, signal: AbortSignal): Promise<OpenedPage> => {
    const page = await openPage(url, signal);
    const { document, sha256 } = page;
    const source = { url, ...(document.title && { title: document.title }), ...(sha256 && { sha256 }) };
    const lookup = lookupOf(url, page);
    const isLong = document.text.length > WITH_GOAL;
    if (!read || !goal || !isLong) return { ...(await byWords(document, url, goal, signal)), source, lookup };
    const { reading, usage } = await read({ document, url, goal, signal });
    const found = await (reading ? byModels(document, goal, reading, signal) : byWords(document, url, goal, signal));
    return { ...found, source, lookup, usage };
  };
  return (url, goal, { recorded, signal }) => recorded(`visit ${url} ${goal}`, () => open(url, goal, signal));
}

function lookupOf(query: string, { from, storedAt }: WebPage): Lookup {
  if (storedAt === undefined) return { query, from: [from] };
  return { query, from: [from], cachedForSeconds: Math.max(0, Math.round((Date.now() - storedAt) / 1000)) };
}

type Found = Pick<OpenedPage, 'evidence' | 'summary'>;

async function byWords(document: ReadableDocument, url: string, goal: string, signal: AbortSignal): Promise<Found> {
  const evidence = await bestPassages(document, goal, goal ? WITH_GOAL : WITHOUT_GOAL, signal);
  return { evidence: passagesText(evidence), summary: passagesSummary({ ...document, url }, evidence, goal) };
}

async function byModels(
  document: ReadableDocument,
  goal: string,
  reading: PageReading,
  signal: AbortSignal,
): Promise<Found> {
  const { evidence, summary, pieces, failed } = reading;
  const size = `${document.text.length.toLocaleString('en-US')} characters`;
  const parts = pieces > 1 ? ` in ${pieces} parts` : '';
  const gaps = failed > 0 ? `, of which ${failed} could not be read` : '';
  const how = `(${KIND_NAMES[document.kind]} of ${size}, read for the goal${parts}${gaps}.)`;
  if (evidence) return { evidence, summary: `${summary}\n${how}` };
  const beginning = await bestPassages(document, goal, NOTHING_FOUND, signal);
  return { evidence: passagesText(beginning), summary: `Nothing for the goal was found. ${summary}\n${how}` };
}
