import type { DatabaseSync } from 'node:sqlite';
import type { DocumentRow } from './document-table.ts';
import { queryTerms } from './query-terms.ts';
import { rankPassages } from './rank.ts';

/** A stretch of a document without gaps, verbatim. */
export interface EvidencePassage {
  /** Headings above where it begins, outermost first. */
  headings: string[];
  text: string;
}

/** What of a document says the most for a goal. */
export interface Evidence {
  /** In the order of the document; neighbouring passages are one, but for pages of a PDF. */
  passages: EvidencePassage[];
  /** Lengths in characters. */
  shown: number;
  total: number;
  /** How the passages were chosen: all of them, those that match the goal, or the beginning because none did. */
  choice: 'whole' | 'matching' | 'beginning';
}

/** Passages far below the best one are padding, not evidence. */
const MIN_SHARE_OF_BEST = 0.15;

/** Chooses passages of a document for a goal within a budget of characters. An empty goal takes the beginning. */
export function selectEvidence(db: DatabaseSync, document: DocumentRow, goal: string, budgetChars: number): Evidence {
  const first = document.first_passage ?? 0;
  const last = document.last_passage ?? -1;
  const sizes = new Map<number, number>();
  let total = 0;
  const lengths = db.prepare('SELECT id, length(text) AS size FROM passages WHERE id BETWEEN ? AND ? ORDER BY id');
  for (const { id, size } of lengths.all(first, last) as { id: number; size: number }[]) {
    sizes.set(id, size);
    total += size;
  }
  if (total <= budgetChars) return { ...read(db, document, [...sizes.keys()]), total, choice: 'whole' };

  const best = goal.trim() ? rankPassages(db, queryTerms(db, goal), 40, { first, last }) : [];
  const good = best.filter(({ score }) => score >= best[0]!.score * MIN_SHARE_OF_BEST).map(({ id }) => id);
  const chosen: number[] = [];
  let left = budgetChars;
  for (const id of good.length > 0 ? good : sizes.keys()) {
    const size = sizes.get(id)!;
    if (size > left) {
      if (good.length > 0) continue;
      break;
    }
    chosen.push(id);
    left -= size;
  }
  // A budget below one passage still gets the best one.
  if (chosen.length === 0) chosen.push(good[0] ?? first);
  chosen.sort((a, b) => a - b);
  return { ...read(db, document, chosen), total, choice: good.length > 0 ? 'matching' : 'beginning' };
}

function read(db: DatabaseSync, document: DocumentRow, ids: number[]): { passages: EvidencePassage[]; shown: number } {
  const passage = db.prepare('SELECT headings, text FROM passages WHERE id = ?');
  const passages: EvidencePassage[] = [];
  let shown = 0;
  for (const [i, id] of ids.entries()) {
    const row = passage.get(id) as { headings: string; text: string };
    const headings = JSON.parse(row.headings) as string[];
    shown += row.text.length;
    const last = i > 0 && ids[i - 1] === id - 1 ? passages.at(-1) : undefined;
    // Pages stay apart, so that a reader can tell on which one a sentence stands.
    const samePage = document.kind !== 'pdf' || last?.headings[0] === headings[0];
    if (last && samePage) last.text += row.text;
    else passages.push({ headings, text: row.text });
  }
  return { passages, shown };
}
