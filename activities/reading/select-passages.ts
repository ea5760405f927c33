import { documentTable } from '../corpus/document-table.ts';
import { type Evidence, selectEvidence } from '../corpus/evidence.ts';
import { openMemoryIndex } from '../corpus/index-file.ts';
import type { ReadableDocument } from '../documents/readable-document.ts';

/** Ranking takes about a second a million characters. */
const MOST_RANKED = 1_000_000;

/** The passages of a page that say the most for a goal by its words, as of a document of a folder. */
export function selectPassages({ text, title, kind }: ReadableDocument, goal: string, budgetChars: number): Evidence {
  const db = openMemoryIndex();
  try {
    const table = documentTable(db);
    const ranked = text.slice(0, MOST_RANKED).toWellFormed();
    table.put({ path: '', size: 0, modified: 0, changed: 0 }, { hash: '', kind, title, text: ranked });
    const evidence = selectEvidence(db, table.find('')!, goal, budgetChars);
    return { ...evidence, total: text.length };
  } finally {
    db.close();
  }
}
