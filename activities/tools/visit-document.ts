import type { Corpus } from '../corpus/corpus.ts';
import { sharedCorpus } from '../corpus/shared-corpus.ts';
import { passagesSummary, passagesText } from './results/passages-text.ts';
import { ToolError } from './tool.ts';
import type { Opener } from './visit.ts';

/** Most characters of evidence from one document: with a goal, and without one, where more of it is wanted. */
const WITH_GOAL = 6000;
const WITHOUT_GOAL = 20_000;

/** Opens documents of the session's folder. @param stateDir folder for the index */
export function openDocument(stateDir: string): Opener {
  return async (url, goal, { corpus: folder, signal }) => {
    if (folder === undefined) throw new ToolError(`${url} cannot be opened: this session has no folder of documents.`);
    const corpus = await sharedCorpus(folder, { stateDir }, signal);
    const document = corpus.read(url);
    if (!document) throw new ToolError(corpus.whyUnread(url) ?? notFound(corpus, url));
    const evidence = corpus.passages(url, goal, goal ? WITH_GOAL : WITHOUT_GOAL)!;
    return {
      evidence: passagesText(evidence),
      summary: passagesSummary(document, evidence, goal),
      source: { url: document.url, title: document.title },
    };
  };
}

function notFound(corpus: Corpus, url: string): string {
  const closest = corpus.closest(url);
  const next =
    closest.length > 0 ? `The closest are: ${closest.join(', ')}.` : 'Use an address from the search results.';
  return `There is no document ${JSON.stringify(url.slice(0, 200).toWellFormed())} in the folder. ${next}`;
}
