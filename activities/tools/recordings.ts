import type { ReadableDocument } from '../documents/readable-document.ts';
import { recordingFormat } from '../transcription/recording-format.ts';
import { MOST_BYTES, TRANSCRIPTION_VARIABLES } from '../transcription/settings.ts';
import type { Transcribe } from '../transcription/transcriber.ts';
import { openInWorkspace, unnamedFile } from '../vision/media-file.ts';
import type { FetchFile } from '../web/web-files.ts';
import { type ToolContext, ToolError } from './tool.ts';

export interface RecordingOptions {
  /** Without it recordings are refused with a sentence. */
  transcribe?: Transcribe;
  /** Fetches recordings of the web. */
  fetchFile?: FetchFile;
}

/** For one recording of the web, in milliseconds. */
const FETCH_MS = 300_000;

/** What is said in a recording of the workspace; `undefined` where the file is no recording. */
export async function workspaceRecording(
  path: string,
  context: ToolContext,
  { transcribe }: RecordingOptions,
): Promise<ReadableDocument | undefined> {
  const file = await openInWorkspace(path, context.workspace, MOST_BYTES.file);
  try {
    const start = Buffer.alloc(512);
    const { bytesRead } = await file.read(start, 0, start.length, 0);
    if (!recordingFormat(start.subarray(0, bytesRead))) return undefined;
    if (!transcribe) {
      throw new ToolError(
        `${path} is a recording, and this worker has no server that writes down what is said in it (${TRANSCRIPTION_VARIABLES.url}).`,
      );
    }
    return await transcribe(file, path, context);
  } finally {
    await file.close();
  }
}

/** The same of a file at an address that was refused as a page. */
export async function fetchedRecording(
  url: string,
  context: ToolContext,
  { transcribe, fetchFile }: RecordingOptions,
): Promise<ReadableDocument | undefined> {
  if (!transcribe || !fetchFile) return undefined;
  const wanted = { accept: ['audio', 'video'] as const, maxBytes: MOST_BYTES.fetched, totalMs: FETCH_MS };
  const { bytes } = await fetchFile(url, wanted, context.signal);
  if (!recordingFormat(bytes)) return undefined;
  const file = await unnamedFile(bytes);
  try {
    return await transcribe(file, url, context);
  } finally {
    await file.close();
  }
}
