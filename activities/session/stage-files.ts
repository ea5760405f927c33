import { createReadStream, createWriteStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApplicationFailure } from '@temporalio/common';
import type { InputFile, SentFile } from '../../protocol/input.ts';
import { fileNameOf, WEB_ADDRESS } from '../../protocol/input.ts';
import { FAILURE } from '../../protocol/names.ts';
import type { ContentKind } from '../web/content-kind.ts';
import type { FetchFile } from '../web/web-files.ts';
import type { Kept } from '../workspace/keep.ts';
import { resolveInWorkspace } from '../workspace/resolve.ts';
import { SNAPSHOT_LIMITS } from '../workspace/snapshot/scan.ts';
import { givenPieces } from './given-pieces.ts';

/** Where files stored under their hash lie that older versions of local mode put there. */
const storedFile = (stateDir: string, sha256: string): string => join(stateDir, 'files', sha256);

export interface StageOptions {
  stateDir: string;
  filesDir?: string;
  kept: Kept;
  /** Absent where addresses are not opened. */
  fetchFile?: FetchFile;
  signal: AbortSignal;
}

/** A file is wanted as it is, whatever it holds. */
const ANYTHING: readonly ContentKind[] = [
  'html',
  'text',
  'json',
  'xml',
  'pdf',
  'office',
  'image',
  'archive',
  'audio',
  'video',
  'binary',
];
const FETCH_LIMITS = { maxBytes: 100 * 2 ** 20, totalMs: 10 * 60_000 };

/** Puts a session's files into its workspace and gives their names there. Throws `InvalidInput` naming the file. */
export async function stageFiles(files: InputFile[], workspace: string, options: StageOptions): Promise<string[]> {
  const names: string[] = [];
  for (const file of files) {
    const name = fileNameOf(file);
    try {
      if (names.includes(name)) throw new Error('another file has the same name');
      const target = await resolveInWorkspace(workspace, name);
      const content = await contentOf(file, options);
      // Of an earlier attempt there may be one; a link is replaced, not followed, since the path was resolved.
      await pipeline(content, createWriteStream(target, { mode: 0o644 }));
    } catch (error) {
      if (options.signal.aborted) throw options.signal.reason;
      if (error instanceof Unreachable) throw error;
      const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it is not there' : (error as Error).message;
      throw ApplicationFailure.nonRetryable(
        `Invalid input: files: "${name}" cannot be used: ${why.replace(/\.$/, '')}.`,
        FAILURE.invalidInput,
      );
    }
    names.push(name);
  }
  return names;
}

/** The store or the server cannot be reached now: worth another attempt. */
export class Unreachable extends Error {
  override name = 'Unreachable';
}

async function contentOf(file: InputFile, options: StageOptions): Promise<Readable> {
  if (typeof file === 'string') {
    return WEB_ADDRESS.test(file) ? fetched(file, options) : below(options.filesDir, file);
  }
  if ('path' in file) return below(options.filesDir, file.path);
  return 'url' in file ? fetched(file.url, options) : sentContent(file, options);
}

async function below(filesDir: string | undefined, path: string): Promise<Readable> {
  if (!filesDir) throw new Error('this worker has no folder of input files (DEEP_RESEARCH_FILES_DIR)');
  const place = await resolveInWorkspace(await realpath(filesDir), path);
  return opened(place);
}

async function opened(place: string): Promise<Readable> {
  const stats = await stat(place);
  if (!stats.isFile()) throw new Error('it is no file');
  tooLarge(stats.size);
  return createReadStream(place);
}

async function fetched(url: string, { fetchFile, signal }: StageOptions): Promise<Readable> {
  if (!fetchFile) throw new Error('this worker opens no web addresses');
  const { bytes } = await fetchFile(url, { accept: ANYTHING, ...FETCH_LIMITS }, signal);
  return Readable.from([bytes]);
}

/** From the store, or from the pieces in which a client without the store has sent it. */
export async function sentContent(
  file: SentFile,
  { stateDir, kept, signal }: Pick<StageOptions, 'stateDir' | 'kept' | 'signal'>,
): Promise<Readable> {
  tooLarge(file.bytes);
  const { sha256, bytes } = file;
  try {
    const stream = await kept.blobs.stream(sha256);
    if (stream) return stream;
    const older = await opened(storedFile(stateDir, sha256)).catch(() => undefined);
    if (older) return older;
    const pieces = await givenPieces(file, signal);
    if (pieces) {
      const whole = await kept.blobs.putStream(Readable.from(pieces()), bytes, bytes);
      if (whole.sha256 !== sha256) throw new Error('what was sent has another hash than was said; send it again');
    }
  } catch (error) {
    if (signal.aborted || !isAway(error)) throw error;
    throw new Unreachable((error as Error).message, { cause: error });
  }
  const stream = await kept.blobs.stream(sha256);
  if (stream) return stream;
  throw new Error(
    'it is neither in the store of this worker (DEEP_RESEARCH_STORE_DIR) nor was it sent in pieces; give it to the client again',
  );
}

/** Of the network, as told by gRPC, the bucket or the system. */
const isAway = (error: unknown): boolean =>
  /UNAVAILABLE|DEADLINE_EXCEEDED|ECONN|ETIMEDOUT|answered with status 5|timeout|fetch failed/i.test(String(error));

function tooLarge(bytes: number): void {
  const most = SNAPSHOT_LIMITS.fileBytes;
  if (bytes > most) throw new Error(`it has ${bytes} bytes; the limit is ${most}`);
}
