import { bestPassages } from '../reading/best-passages.ts';
import type { OpenPage } from '../web/web-pages.ts';
import { passagesSummary, passagesText } from './results/passages-text.ts';
import type { Opener } from './visit.ts';

/** Most characters of evidence from one page: with a goal, and without one, where more of it is wanted. */
const WITH_GOAL = 6000;
const WITHOUT_GOAL = 20_000;

/** Opens pages of the web. */
export function openWebPage(openPage: OpenPage): Opener {
  return async (url, goal, { signal }) => {
    const { document } = await openPage(url, signal);
    const { title, kind } = document;
    const evidence = bestPassages(document, goal, goal ? WITH_GOAL : WITHOUT_GOAL);
    return {
      evidence: passagesText(evidence),
      summary: passagesSummary({ title, kind, url }, evidence, goal),
      source: { url, ...(title && { title }) },
    };
  };
}
