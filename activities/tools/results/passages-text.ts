import type { Evidence, EvidencePassage } from '../../corpus/evidence.ts';
import { aKind, type DocumentKind } from '../../documents/readable-document.ts';

/** Section names in a summary; more say less. */
const NAMED_SECTIONS = 5;

/** Chosen passages as the evidence of a visit, each below the name of its section. */
export function passagesText({ passages, choice }: Evidence): string {
  const named = passages.length > 1 || choice === 'matching';
  const shown = passages.map(({ headings, text }) => {
    const place = named && headings.length > 0 ? `[${sectionName(headings)}]\n` : '';
    return place + text.replace(/^\n+/, '').trimEnd();
  });
  return shown.join(choice === 'matching' ? '\n\n[…]\n\n' : '\n\n') || '(The document is empty.)';
}

/** What the document is and which part of it the passages are, for the summary of a visit. */
export function passagesSummary(
  { title, kind, url }: { title?: string; kind: DocumentKind; url: string },
  { passages, shown, total, choice }: Evidence,
  goal: string,
): string {
  const what = `${title ? `"${title}" (${url})` : url} is ${aKind(kind)} of ${characters(total)}`;
  if (choice === 'whole') return `${what}, shown whole.`;
  const left = `the other ${characters(Math.max(0, total - shown))} are left out`;
  if (choice === 'beginning') {
    const hint = goal
      ? 'No passage has words of the goal, so the evidence is its beginning'
      : 'The evidence is its beginning';
    return `${what}. ${hint}, ${characters(shown)}; ${left}. Visit it with a goal in the document's own words to see other parts.`;
  }
  const sections = sectionNames(passages);
  const from = sections.length > 0 ? ` from: ${sections.join('; ')}` : '';
  return `${what}. The evidence is ${characters(shown)} in ${passages.length === 1 ? 'one passage' : `${passages.length} passages`}${from}; ${left}.`;
}

const sectionName = (headings: string[]): string => headings.join(' > ');

function sectionNames(passages: EvidencePassage[]): string[] {
  const names = [...new Set(passages.map(({ headings }) => sectionName(headings)))].filter((name) => name !== '');
  return names.length > NAMED_SECTIONS ? [...names.slice(0, NAMED_SECTIONS), '…'] : names;
}

const characters = (count: number): string => `${count.toLocaleString('en-US')} characters`;
