import type { Corpus, CorpusDocument } from '../corpus/corpus.ts';
import type { Evidence, EvidencePassage } from '../corpus/evidence.ts';
import { sharedCorpus } from '../corpus/shared-corpus.ts';
import { KIND_NAMES } from '../documents/readable-document.ts';
import { ToolError } from './tool.ts';
import type { Opener } from './visit.ts';

/** Most characters of evidence from one document: with a goal, and without one, where more of it is wanted. */
const WITH_GOAL = 6000;
const WITHOUT_GOAL = 20_000;

/** Section names in a summary; more say less. */
const NAMED_SECTIONS = 5;

/** Opens documents of the session's folder. @param stateDir folder for the index */
export function openDocument(stateDir: string): Opener {
  return async (url, goal, { corpus: folder, signal }) => {
    if (folder === undefined) throw new ToolError(`${url} cannot be opened: this session has no folder of documents.`);
    const corpus = await sharedCorpus(folder, { stateDir }, signal);
    const document = corpus.read(url);
    if (!document) throw new ToolError(corpus.whyUnread(url) ?? notFound(corpus, url));
    const evidence = corpus.passages(url, goal, goal ? WITH_GOAL : WITHOUT_GOAL)!;
    return {
      evidence: evidenceText(evidence) || '(The document is empty.)',
      summary: summaryText(document, evidence, goal),
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

function evidenceText({ passages, choice }: Evidence): string {
  const named = passages.length > 1 || choice === 'matching';
  const shown = passages.map(({ headings, text }) => {
    const place = named && headings.length > 0 ? `[${sectionName(headings)}]\n` : '';
    return place + text.replace(/^\n+/, '').trimEnd();
  });
  return shown.join(choice === 'matching' ? '\n\n[…]\n\n' : '\n\n');
}

const sectionName = (headings: string[]): string => headings.join(' > ');

function summaryText({ title, kind, url }: CorpusDocument, evidence: Evidence, goal: string): string {
  const { passages, shown, total, choice } = evidence;
  const what = `"${title}" (${url}) is a ${KIND_NAMES[kind]} of ${count(total)}`;
  if (choice === 'whole') return `${what}, shown whole.`;
  const left = `the other ${count(Math.max(0, total - shown))} are left out`;
  if (choice === 'beginning') {
    const hint = goal
      ? 'No passage has words of the goal, so the evidence is its beginning'
      : 'The evidence is its beginning';
    return `${what}. ${hint}, ${count(shown)}; ${left}. Visit it with a goal in the document's own words to see other parts.`;
  }
  const sections = sectionNames(passages);
  const from = sections.length > 0 ? ` from: ${sections.join('; ')}` : '';
  return `${what}. The evidence is ${count(shown)} in ${passages.length === 1 ? 'one passage' : `${passages.length} passages`}${from}; ${left}.`;
}

function sectionNames(passages: EvidencePassage[]): string[] {
  const names = [...new Set(passages.map(({ headings }) => sectionName(headings)))].filter((name) => name !== '');
  return names.length > NAMED_SECTIONS ? [...names.slice(0, NAMED_SECTIONS), '…'] : names;
}

const count = (characters: number): string => `${characters.toLocaleString('en-US')} characters`;
