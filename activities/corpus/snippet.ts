import { type Term, termFinder } from './query-terms.ts';

/** Length of a snippet in search results, in characters. */
const SNIPPET = 400;

/** The stretch of a passage that has the most of the query, on one line. */
export function snippet(text: string, terms: Term[]): string {
  const units = text.split(/(?<=\n)|(?<=[.!?] )|(?<=[。！？])/).filter((unit) => /[\p{L}\p{N}]/u.test(unit));
  const termsOf = termFinder(terms);
  const matches = units.map((unit) => [...termsOf(unit)]);
  let best = { from: 0, to: -1, worth: -1, reached: -1 };
  for (let from = 0; from < units.length; from++) {
    const window = windowFrom(from, units, matches);
    // Of windows around the same matches the latest begins with them, and has the most room for what follows.
    const closer = window.worth === best.worth && from <= best.reached;
    if (window.worth > best.worth || closer) best = window;
  }
  const line = (from: number, to: number) => units.slice(from, to).join('').replace(/\s+/g, ' ').trim();
  const shown = shorten(line(best.from, best.to + 1), terms);
  const before = best.from > 0 ? '… ' : '';
  return `${before}${shown}${best.to < units.length - 1 && !shown.endsWith('…') ? ' …' : ''}`;
}

interface Window {
  from: number;
  to: number;
  /** Weight of the terms in it. */
  worth: number;
  /** Where the last of them is first met. */
  reached: number;
}

function windowFrom(from: number, units: string[], matches: Term[][]): Window {
  const found = new Set<Term>();
  const window = { from, to: from, worth: 0, reached: from };
  let length = 0;
  for (let to = from; to < units.length; to++) {
    length += units[to]!.length;
    if (to > from && length > SNIPPET) break;
    window.to = to;
    for (const term of matches[to]!) {
      if (found.has(term)) continue;
      found.add(term);
      window.worth += term.weight;
      window.reached = to;
    }
  }
  return window;
}

/** A single long line is cut around the first term that is found in it. */
function shorten(line: string, terms: Term[]): string {
  if (line.length <= SNIPPET * 1.2) return line;
  const lower = line.toLowerCase();
  const places = terms.map(({ token }) => lower.indexOf(token)).filter((place) => place >= 0);
  const start = Math.max(0, (places.length > 0 ? Math.min(...places) : 0) - SNIPPET / 4);
  return `${start > 0 ? '… ' : ''}${line
    .slice(start, start + SNIPPET)
    .toWellFormed()
    .trim()} …`;
}
