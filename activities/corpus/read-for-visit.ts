import { passagesSummary, passagesText } from '../tools/results/passages-text.ts';
import { ToolError } from '../tools/tool.ts';
import type { Corpus } from './corpus.ts';

/** Most characters of evidence from one document: with a goal, and without one, where more of it is wanted. */
const WITH_GOAL = 6000;
const WITHOUT_GOAL = 20_000;

/** What a document of a folder says for a goal. */
export interface ReadForVisit {
  evidence: string;
  summary: string;
  source: { url: string; title: string };
}

/** @throws ToolError with a sentence for the model where the document cannot be read */
export function readForVisit(corpus: Corpus, url: string, goal: string): ReadForVisit {
  const document = corpus.read(url);
  if (!document) throw new ToolError(corpus.whyUnread(url) ?? notFound(corpus, url));
  const evidence = corpus.passages(url, goal, goal ? WITH_GOAL : WITHOUT_GOAL)!;
  return {
    evidence: passagesText(evidence),
    summary: passagesSummary(document, evidence, goal),
    source: { url: document.url, title: document.title },
  };
}

function notFound(corpus: Corpus, url: string): string {
  const closest = corpus.closest(url);
  const next =
    closest.length > 0 ? `The closest are: ${closest.join(', ')}.` : 'Use an address from the search results.';
  return `There is no document ${JSON.stringify(url.slice(0, 200).toWellFormed())} in the folder. ${next}`;
}
