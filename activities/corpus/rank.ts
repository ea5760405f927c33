import type { DatabaseSync } from 'node:sqlite';
import { matchExpression, type Term, termFinder } from './query-terms.ts';

/** A passage that matches a query. */
export interface RankedPassage {
  id: number;
  document: number;
  headings: string[];
  text: string;
  /** The terms it has, with those of its document's title and path. */
  matched: ReadonlySet<Term>;
  /** The higher the better; comparable only within one query. */
  score: number;
}

/** How much a match in the title, the path, the headings and the text counts. */
const COLUMN_WEIGHTS = '3.0, 2.0, 2.0, 1.0';

/**
 * The best passages for the terms, in the whole index or in a range of passages. The order is that of BM25, with
 * passages moved up by the share of the query's terms that they have.
 */
export function rankPassages(
  db: DatabaseSync,
  terms: Term[],
  limit: number,
  range: { first: number; last: number } = { first: 0, last: Number.MAX_SAFE_INTEGER },
): RankedPassage[] {
  const looked = selective(terms);
  if (looked.length === 0) return [];
  const rows = db
    .prepare(
      `SELECT found.id, found.score, passages.document, passages.headings, passages.text, documents.title, documents.path
       FROM (
         SELECT rowid AS id, -bm25(passage_words, ${COLUMN_WEIGHTS}) AS score FROM passage_words
         WHERE passage_words MATCH ? AND rowid BETWEEN ? AND ? ORDER BY score DESC, rowid LIMIT ?
       ) AS found
       JOIN passages ON passages.id = found.id JOIN documents ON documents.id = passages.document`,
    )
    .all(matchExpression(looked), range.first, range.last, limit) as unknown as FoundRow[];
  const termsOf = termFinder(terms);
  const ranked = rows.map((row): RankedPassage => {
    const headings = JSON.parse(row.headings) as string[];
    const matched = termsOf(row.title ?? '', row.path, ...headings, row.text);
    const share = coverage(terms, matched);
    const compounds = terms.filter((term) => term.bonus && matched.has(term)).length;
    const score = row.score * (0.25 + share ** 2) * (1 + 0.25 * Math.min(compounds, 2));
    return { id: row.id, document: row.document, headings, text: row.text, matched, score };
  });
  return ranked.sort((a, b) => b.score - a.score || a.id - b.id);
}

interface FoundRow {
  id: number;
  score: number;
  document: number;
  headings: string;
  text: string;
  title: string | null;
  path: string;
}

/** The terms to look up; the others only count where these are found. */
function selective(terms: Term[]): Term[] {
  const rare = terms.filter(({ common }) => !common);
  return rare.length > 0 ? rare : terms;
}

/** The share of the query that is matched, by weight, 0 to 1. */
function coverage(terms: Term[], matched: ReadonlySet<Term>): number {
  const needed = terms.filter(({ bonus }) => !bonus);
  const sum = (some: Term[]) => some.reduce((total, { weight }) => total + weight, 0);
  const all = sum(needed);
  return all === 0 ? 1 : sum(needed.filter((term) => matched.has(term))) / all;
}

/** Groups passages by document and orders the documents: the best passage leads, others of the same document help. */
export function rankDocuments(terms: Term[], passages: RankedPassage[]): { best: RankedPassage; score: number }[] {
  const byDocument = Map.groupBy(passages, ({ document }) => document);
  const scored = [...byDocument.values()].map((own) => {
    const [best, ...others] = own as [RankedPassage, ...RankedPassage[]];
    const together = coverage(terms, new Set(own.flatMap(({ matched }) => [...matched])));
    const help = others.slice(0, 3).reduce((total, { score }) => total + score, 0);
    return { best, score: (best.score + 0.1 * help) * (0.5 + together) };
  });
  return scored.sort((a, b) => b.score - a.score || a.best.id - b.best.id);
}
