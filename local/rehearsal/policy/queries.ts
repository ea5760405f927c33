import type { Question } from './question.ts';
import { partsOf } from './terms.ts';

const MAX_QUERY_CHARS = 200;
const MAX_QUERIES = 3;

/** Up to three queries that were not asked before, from the question as a whole to its single words. */
export function nextQueries(question: Question, asked: ReadonlySet<string>, focus: readonly string[] = []): string[] {
  const words = question.terms.map(({ text }) => text);
  const strong = question.terms.filter(({ weight }) => weight >= 1).map(({ text }) => text);
  const candidates = [
    [...focus, ...words.filter((word) => !focus.includes(word))].join(' '),
    joinedName(strong),
    question.text.replace(/[?？!！。]+\s*$/u, ''),
    ...focus,
    ...strong.map((word) => partsOf(word).join(' ')),
  ];
  const queries: string[] = [];
  for (const candidate of candidates) {
    const query = candidate.replace(/\s+/g, ' ').trim().slice(0, MAX_QUERY_CHARS);
    const isNew = query.length > 1 && !asked.has(query.toLowerCase());
    if (isNew && !queries.some((other) => other.toLowerCase() === query.toLowerCase())) queries.push(query);
  }
  return queries.slice(0, MAX_QUERIES);
}

/** `body timeout` is often written `bodyTimeout`. */
function joinedName(words: readonly string[]): string {
  const [first, second] = words;
  if (!first || !second || !/^[a-z]+$/.test(first) || !/^[a-z]+$/.test(second)) return '';
  return `${first}${second[0]?.toUpperCase()}${second.slice(1)}`;
}
