import type { DatabaseSync } from 'node:sqlite';
import { stem, words } from './tokens.ts';

/** A token of a query and what it is worth. */
export interface Term {
  token: string;
  /** Matches every token that begins with it. */
  prefix?: true;
  /** Inverse document frequency over passages: the rarer, the more a match says. */
  weight: number;
  /** It is in so many passages that it finds nothing by itself, but costs the most to look up. */
  common?: true;
  /** A compound of the query's words: its match counts more, its lack says nothing. */
  bonus?: true;
}

/** Words that questions are made of, and that say nothing of what is asked for. */
const EMPTY_WORDS = new Set(
  `a about all am an and any are as at be been but by can could did do does for from get give has have how i if in into
  is it its me my no not of on or our please should so some tell than that the their them then there these they this to
  us use was we were what when where which who whom whose why will with would you your`
    .split(/\s+/)
    .map(stem),
);

/** The same for Chinese, Japanese and Korean, as they stand in a run of characters. */
const EMPTY_PHRASES =
  /什么时候|为什么|是什么|有什么|什么|怎么样|怎么|怎样|如何|哪些|哪个|哪里|哪年|是多少|多少|是谁|是否|可以|请问|的|了|吗|呢|是|何ですか|とは|ですか|どのように|について|は|が|を|の|に|무엇|어떻게/g;

/** How many terms a query may have; a model sometimes sends a page of text. */
const MAX_TERMS = 40;

/** From how many passages on, and in what share of them, a term is common. */
const MANY_PASSAGES = 5000;
const COMMON_SHARE = 0.2;

/** The terms of a query that the index knows, each once. Terms that nowhere occur are left out. */
export function queryTerms(db: DatabaseSync, query: string): Term[] {
  const frequency = db.prepare('SELECT doc FROM vocabulary WHERE term = ?');
  const sharing = db.prepare('SELECT sum(doc) AS doc FROM vocabulary WHERE term >= ? AND term < ?');
  const total = countPassages(db);
  const found = new Map<string, Term>();

  const add = (token: string, { prefix, bonus }: { prefix?: true; bonus?: true } = {}): boolean => {
    const row = prefix ? sharing.get(token, `${token}\u{10ffff}`) : frequency.get(token);
    const passages = Math.min(total, Number((row as { doc: number | null } | undefined)?.doc ?? 0));
    if (passages === 0 || found.has(token) || found.size >= MAX_TERMS) return passages > 0;
    const weight = Math.log(1 + (total - passages + 0.5) / (passages + 0.5));
    const common = total >= MANY_PASSAGES && passages > total * COMMON_SHARE;
    found.set(token, { token, weight, ...(common && { common }), ...(prefix && { prefix }), ...(bonus && { bonus }) });
    return true;
  };

  for (const term of wantedTerms(query)) {
    // What is cut short or written otherwise may still begin the same: `config`, `configuration`.
    if (!add(term.token, term) && !term.bonus && !term.prefix && /^[\p{L}]{4,}$/u.test(term.token))
      add(term.token, { prefix: true });
  }
  return [...found.values()];
}

const counted = new WeakMap<DatabaseSync, { state: string; total: number }>();

/**
 * From the small table of documents: counting the passages themselves would read all their text. Counted anew only when
 * this connection or another has written.
 */
function countPassages(db: DatabaseSync): number {
  const { others, own } = db
    .prepare('SELECT data_version AS others, total_changes() AS own FROM pragma_data_version')
    .get()!;
  const state = `${others} ${own}`;
  const known = counted.get(db);
  if (known?.state === state) return known.total;
  const sum = db.prepare('SELECT total(last_passage - first_passage + 1) AS total FROM documents').get();
  const total = Number(sum!.total);
  counted.set(db, { state, total });
  return total;
}

interface WantedTerm {
  token: string;
  prefix?: true;
  bonus?: true;
}

function wantedTerms(query: string): WantedTerm[] {
  const bare = query.replace(EMPTY_PHRASES, ' ');
  const all = [...words(/[\p{L}\p{N}]/u.test(bare) ? bare : query)];
  const spaced = all.filter(({ unspaced }) => !unspaced);
  const full = all.filter(({ parts, unspaced }) => unspaced || parts.length > 1 || !EMPTY_WORDS.has(parts[0]!));
  const terms: WantedTerm[] = (full.length > 0 ? full : all).flatMap(({ parts, whole, unspaced }) => {
    // The index has a run's last character alone; a search for the run must not.
    const own = unspaced && parts.length > 1 ? parts.slice(0, -1) : parts;
    return [
      ...own.map((token) => (unspaced && [...token].length === 1 ? { token, prefix: true as const } : { token })),
      ...(whole ? [{ token: whole, bonus: true as const }] : []),
    ];
  });
  // `body timeout` is written `bodyTimeout` in code: neighbours are also looked for as one word.
  const compounds = spaced.slice(1).map(({ parts }, i): WantedTerm => {
    const before = spaced[i]!.parts.join('');
    return { token: stem(before + parts.join('')), bonus: true };
  });
  return [...terms, ...compounds];
}

/** The query in the language of FTS5: any of the terms. */
export function matchExpression(terms: Term[]): string {
  return terms.map(({ token, prefix }) => `"${token}"${prefix ? ' *' : ''}`).join(' OR ');
}

/** Tells which of the terms a text has. It is asked for each passage that may be shown, so it stops when it has all. */
export function termFinder(terms: Term[]): (...texts: string[]) => Set<Term> {
  const exact = new Map(terms.filter(({ prefix }) => !prefix).map((term) => [term.token, term]));
  const prefixes = terms.filter(({ prefix }) => prefix);
  return (...texts) => {
    const found = new Set<Term>();
    const look = (token: string) => {
      const term = exact.get(token);
      if (term) found.add(term);
      for (const term of prefixes) if (token.startsWith(term.token)) found.add(term);
    };
    for (const text of texts) {
      for (const { parts, whole } of words(text)) {
        for (const part of parts) look(part);
        if (whole) look(whole);
        if (found.size === terms.length) return found;
      }
    }
    return found;
  };
}
