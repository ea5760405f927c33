import { ToolError } from '../tools/tool.ts';
import { readDocument } from './read-document.ts';
import type { DocumentHint, ReadableDocument } from './readable-document.ts';

/** What the process is asked. */
export interface ReadJob {
  bytes: Uint8Array;
  hint: Omit<DocumentHint, 'signal'>;
}

/** What it answers: the document, a sentence for the model, or a fault. */
export type ReadAnswer = { document: ReadableDocument } | { sentence: string } | { fault: string };

process.on('message', async ({ bytes, hint }: ReadJob) => {
  process.send?.(await answer(bytes, hint));
});
// Whoever asked is gone.
process.on('disconnect', () => process.exit());

async function answer(bytes: Uint8Array, hint: ReadJob['hint']): Promise<ReadAnswer> {
  try {
    return { document: await readDocument(bytes, hint) };
  } catch (error) {
    if (error instanceof ToolError) return { sentence: error.message };
    return { fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
