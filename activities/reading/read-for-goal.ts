import { addUsage, noUsage, type Usage } from '../../protocol/reply.ts';
import { type Cache, noCache } from '../cache/cache.ts';
import type { ReadableDocument } from '../documents/readable-document.ts';
import { askModel } from '../inference/ask-model.ts';
import type { Fleet } from '../inference/fleet/index.ts';
import { limiter } from '../limiter.ts';
import { chooseSpans, evidenceText } from './evidence-text.ts';
import { findVerbatim } from './find-verbatim.ts';
import { keptNotes } from './kept-notes.ts';
import { type Notes, parseNotes } from './parse-notes.ts';
import { piecesOf } from './pieces.ts';
import { joiningPrompt, readingPrompt } from './prompts.ts';
import type { Span } from './verbatim.ts';

/** What models made of a page for a goal. */
export interface PageReading {
  /** Word for word from the page; empty where it has nothing for the goal. */
  evidence: string;
  summary: string;
  pieces: number;
  /** How many of them could not be read. */
  failed: number;
}

/** A page's reading, or none where no model could be asked or none of their quotes stands in the page. */
export interface ReadingOutcome {
  reading?: PageReading;
  usage: Usage;
}

export interface PageToRead {
  document: ReadableDocument;
  url: string;
  goal: string;
  signal: AbortSignal;
}

export type ReadForGoal = (page: PageToRead) => Promise<ReadingOutcome>;

/** Questions at once from one worker; the fleet has the sessions' own calls to serve as well. */
const AT_ONCE = 8;

/** For all pieces of a page: a visit that takes longer is worth less than the passages that need no model. */
const PATIENCE_MS = 4 * 60_000;

/** Room for a thought and eight quotes. Little chance in the sampling, for copying allows none. */
const SETTINGS = { temperature: 0.2, maxTokens: 4096 };

/** Reads long pages by model calls of the role `pages`: each piece with the goal, quotes checked against the page. */
export function readForGoal(fleet: Fleet, cache: Cache = noCache): ReadForGoal {
  const inTurn = limiter(AT_ONCE);
  const kept = keptNotes(cache, fleet);

  return async ({ document, url, goal, signal }) => {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    let usage = noUsage();

    /** The notes that a prompt brings; none where the model cannot be asked or replies with something else. */
    async function ask(messages: ReturnType<typeof readingPrompt>): Promise<Notes | undefined> {
      const before = await kept.get(messages);
      if (before) return before;
      try {
        const question = { role: 'pages', messages, model: SETTINGS, signal: patience } as const;
        const answer = await inTurn(() => askModel(fleet, question));
        usage = addUsage(usage, answer.usage);
        const notes = parseNotes(answer.text);
        if (notes) await kept.put(messages, answer.text);
        return notes;
      } catch {
        // The page itself is there; whatever ails the model, passages of it are better than an error.
        signal.throwIfAborted();
        return undefined;
      }
    }

    const page = { url, title: document.title };
    const pieces = await piecesOf(document, goal, { contextTokens: smallestContext(fleet), signal });
    const notes = await Promise.all(pieces.map((piece) => ask(readingPrompt(piece, page, goal))));
    const read = notes.filter((one) => one !== undefined);
    if (read.length === 0) return { usage };

    const quotes = read.map((notes) => notes.quotes);
    const finds = await findVerbatim(document.text, quotes, signal);
    const claimed = read.some(({ quotes }) => quotes.length > 0);
    if (claimed && finds.every((spans) => spans.length === 0)) return { usage };

    const evidence = evidenceText(document, chooseSpans(finds));
    const summary = await summaryOf(read, finds, async (summaries) => {
      const joined = await ask(joiningPrompt(evidence, summaries, goal));
      return joined?.summary;
    });
    const failed = pieces.length - read.length;
    return { reading: { evidence, summary, pieces: pieces.length, failed }, usage };
  };
}

/** The summaries of the pieces that have something; of several, one is made. A note without a quote that stands is none. */
async function summaryOf(
  notes: readonly Notes[],
  finds: readonly Span[][],
  join: (summaries: string[]) => Promise<string | undefined>,
): Promise<string> {
  const backed = notes.filter((_, i) => finds[i]!.length > 0).map(({ summary }) => summary);
  const summaries = (backed.length > 0 ? backed : notes.slice(0, 1).map(({ summary }) => summary)).filter(Boolean);
  if (summaries.length < 2) return summaries[0] ?? '';
  return (await join(summaries)) || summaries.join('\n\n');
}

function smallestContext(fleet: Fleet): number | undefined {
  const readers = fleet.endpoints.filter(({ roles }) => roles.includes('pages'));
  const able = readers.length > 0 ? readers : fleet.endpoints;
  const known = able.flatMap(({ contextTokens }) => contextTokens ?? []);
  return known.length > 0 ? Math.min(...known) : undefined;
}
