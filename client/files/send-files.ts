import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { type FilePiece, givenPieceId, MOST_BYTES_IN_PIECES, PIECE_BYTES, pieceCount } from '../../protocol/files.ts';
import { type InputFile, type SentFile, WEB_ADDRESS } from '../../protocol/input.ts';
import { WORKFLOW } from '../../protocol/names.ts';
import { type Blobs, putFile } from '../../store/blobs.ts';
import { InvalidInput, SessionNotFound } from '../errors.ts';
import { callServer } from '../gateway.ts';

/** How far a file is on its way. */
export interface UploadProgress {
  name: string;
  bytes: number;
  sent: number;
}

export interface SendOptions {
  client: Client;
  /** Of the workers that shall read them. */
  taskQueue: string;
  /** Shared with the workers; without it files go through Temporal in pieces. */
  store?: Blobs;
  onUpload?: (progress: UploadProgress) => void;
}

/** Pieces under way at once; each is a request of a MiB. */
const AT_ONCE = 4;

/**
 * Makes the files of an input known to the workers: a path is a file of this machine, which is sent; addresses and what
 * is the worker's own stay as they are. What was sent before is not sent again. Throws `InvalidInput` naming the file.
 */
export async function sendFiles(files: readonly InputFile[], options: SendOptions): Promise<InputFile[]> {
  const known: InputFile[] = [];
  for (const file of files) {
    known.push(typeof file !== 'string' || WEB_ADDRESS.test(file) ? file : await sendFile(file, options));
  }
  return known;
}

async function sendFile(path: string, options: SendOptions): Promise<SentFile> {
  const name = basename(path);
  try {
    if (!options.store) return await sendPieces(path, name, options);
    const sent = { name, ...(await putFile(options.store, path)) };
    options.onUpload?.({ name, bytes: sent.bytes, sent: sent.bytes });
    return sent;
  } catch (error) {
    const why = {
      ENOENT: 'there is no such file here (for one in the folder of the worker give {"path": …}, or --worker-file)',
      EISDIR: 'expected a file, found a folder',
      EACCES: 'it cannot be read',
    }[(error as NodeJS.ErrnoException).code ?? ''];
    if (why) throw new InvalidInput(`files: ${path}: ${why}`, { cause: error });
    throw error;
  }
}

async function sendPieces(path: string, name: string, options: SendOptions): Promise<SentFile> {
  const file = await open(path);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw Object.assign(new Error('no file'), { code: 'EISDIR' });
    const { size: bytes } = stats;
    if (bytes > MOST_BYTES_IN_PIECES) {
      throw new InvalidInput(
        `files: ${path}: it has ${bytes} bytes, and through Temporal go at most ${MOST_BYTES_IN_PIECES}; name a store that the workers share (DEEP_RESEARCH_STORE_DIR)`,
      );
    }
    const hash = createHash('sha256');
    for await (const chunk of file.createReadStream({ autoClose: false, start: 0 })) hash.update(chunk);
    const sha256 = hash.digest('hex');
    let next = 0;
    let sent = 0;
    const sender = async () => {
      for (let index = next++; index < pieceCount(bytes); index = next++) {
        const id = givenPieceId(sha256, index);
        const length = Math.min(PIECE_BYTES, bytes - index * PIECE_BYTES);
        if (!(await isThere(id, options))) await sendPiece(id, await read(file, index, length), options);
        sent += length;
        options.onUpload?.({ name, bytes, sent });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sender));
    return { name, sha256, bytes };
  } finally {
    await file.close();
  }
}

async function read(file: FileHandle, index: number, length: number): Promise<FilePiece> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, index * PIECE_BYTES);
  if (bytesRead < length) throw new InvalidInput('files: a file became shorter while it was sent');
  return { bytes: buffer.toString('base64') };
}

/** The id says what it holds: who comes again sends the pieces that are missing. */
async function isThere(workflowId: string, { client }: SendOptions): Promise<boolean> {
  try {
    await callServer(client, workflowId, () => client.workflow.getHandle(workflowId).describe());
    return true;
  } catch (error) {
    if (error instanceof SessionNotFound) return false;
    throw error;
  }
}

async function sendPiece(workflowId: string, piece: FilePiece, { client, taskQueue }: SendOptions): Promise<void> {
  try {
    await callServer(client, workflowId, () =>
      client.workflow.start(WORKFLOW.files, {
        workflowId,
        taskQueue,
        args: [piece],
        // Somebody else may be sending the same.
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        staticSummary: 'a piece of a file',
      }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
