import { splitParts } from '../documents/parts.ts';
import type { ReadableDocument } from '../documents/readable-document.ts';
import { bestPassages } from './best-passages.ts';
import type { Piece } from './prompts.ts';

/** In characters: about 6,000 tokens in scripts with blanks between words, and as many in those without. */
const PIECE = 24_000;
const DENSE_PIECE = 8000;

/** Tokens of the prompt's own words and of the reply, in a model's context beside the piece. */
const BESIDE = 6000;

/** Of a longer page only the passages with the goal's words are read. */
const MOST_PIECES = 12;

/**
 * Cuts a page into the pieces that are read by a model each.
 *
 * @param contextTokens the smallest context of the models that may read
 */
export async function piecesOf(
  document: ReadableDocument,
  goal: string,
  { contextTokens, signal }: { contextTokens?: number; signal?: AbortSignal } = {},
): Promise<Piece[]> {
  const dense = isDense(document.text);
  const room = contextTokens === undefined ? Infinity : Math.max(500, contextTokens - BESIDE) * (dense ? 1 : 3);
  const size = Math.floor(Math.min(dense ? DENSE_PIECE : PIECE, room));
  const most = size * MOST_PIECES;
  const text =
    document.text.length <= most
      ? document.text
      : (await bestPassages(document, goal, Math.floor(most * 0.9), signal)).passages
          .map((passage) => passage.text.trim())
          .join('\n\n');
  const parts = splitParts(text, document.kind === 'pdf' ? { size, before: '\f' } : { size });
  const full = parts.filter((part) => part.trim() !== '');
  return full.map((part, i) => ({ text: part, number: i + 1, of: full.length }));
}

/** Where a character is about a token: Chinese, Japanese, Korean. */
function isDense(text: string): boolean {
  const sample = text.slice(0, 20_000);
  return (sample.match(/[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/g)?.length ?? 0) > sample.length * 0.2;
}
