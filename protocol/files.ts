/**
 * How files go between clients and workers that share no store: in pieces, each of which is a short workflow of the type
 * `deepResearchFiles`. Bytes travel as base64, which any language and the Web UI can read.
 */

/** Of one piece; a MiB in base64, below the 2 MiB that Temporal takes for a payload. */
export const PIECE_BYTES = 786_432;

/** What is sent or fetched in pieces; more belongs into a store that both sides reach. */
export const MOST_BYTES_IN_PIECES = 256 * 2 ** 20;

/** Of one input; what Temporal holds for a question is meant to be small. */
export const MOST_INPUT_FILES = 100;

/** Input of `deepResearchFiles`: a piece that a client gives, or one that it asks for. */
export type FilePiece =
  | { bytes: string }
  | {
      sha256: string;
      offset: number;
      length: number;
      /** Task queue of the host that has the file; without it any worker is asked. */
      queue?: string;
    };

/** Input of the activity `readFile`. */
export interface ReadFileInput {
  sha256: string;
  offset: number;
  length: number;
}

export const pieceCount = (bytes: number): number => Math.ceil(bytes / PIECE_BYTES);

/** Workflow id of a piece that a client gives: the same for the same content, so that it is sent once. */
export const givenPieceId = (sha256: string, index: number): string => `file-${sha256}-${index}`;
