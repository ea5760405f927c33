import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ToolError } from '../tools/tool.ts';
import { megabytes } from './archive/archive.ts';
import { readArchive } from './archive/read-archive.ts';
import { isTar, openTar } from './archive/tar.ts';
import { openZip } from './archive/zip.ts';
import { declaredCharset, statedCharset } from './charset.ts';
import { decodeText } from './decode-text.ts';
import { binaryFormat, type Container, containerOf, detectKind, startOf } from './detect-kind.ts';
import { feedToMarkdown } from './feed.ts';
import { htmlToMarkdown } from './html/html.ts';
import { readImage } from './image.ts';
import { layoutJson } from './json.ts';
import { readOffice } from './office/index.ts';
import { readRtf } from './office/rtf.ts';
import { readPdf } from './pdf/pdf.ts';
import { DEFAULT_MAX_BYTES, type DocumentHint, type ReadableDocument } from './readable-document.ts';
import { markdownTitle, plainTextTitle } from './titles.ts';

/** Pages are taken apart in memory, at some thirty times their size. */
const MAX_HTML_BYTES = 10 * 1024 * 1024;

/**
 * Turns a file or its bytes into readable text.
 *
 * Reads text, HTML, PDF, office files, archives and what images say of themselves; the format comes from the bytes, the
 * media type and the file's ending, in this order.
 *
 * @throws ToolError when the file is too large, damaged, without text, or in a format that is no text. The sentence
 * has the file's name, never its folder. Errors of the file system pass through.
 */
export async function readDocument(source: string | Uint8Array, hint: DocumentHint = {}): Promise<ReadableDocument> {
  const name = hint.name ?? (typeof source === 'string' ? basename(source) : 'The document');
  const bytes = typeof source === 'string' ? await readBounded(source, name, hint) : source;
  assertSize(bytes.byteLength, name, hint);
  hint.signal?.throwIfAborted();

  const start = startOf(bytes);
  const container = isTar(bytes) ? 'tar' : containerOf(start);
  if (container) return inContainer(container, bytes, { ...hint, name });
  if (hint.members?.length) throw new ToolError(`${name} is no archive, so that it has no members.`);

  const kind = detectKind(start, { ...hint, name });
  if (kind === 'pdf') return readPdf(bytes, name, hint.signal);

  const format = binaryFormat(start);
  if (format) throw new ToolError(`${name} is ${format}, which cannot be read as text here.`);
  const charset = statedCharset(hint.contentType ?? '') ?? (kind === 'html' ? declaredCharset(bytes, kind) : undefined);
  const text = decodeText(bytes, charset);
  if (text === undefined) throw new ToolError(`${name} is a binary file of an unknown format, not text.`);

  switch (kind) {
    case 'html':
      assertSize(bytes.byteLength, name, { maxBytes: Math.min(MAX_HTML_BYTES, hint.maxBytes ?? MAX_HTML_BYTES) });
      return { kind, ...htmlToMarkdown(text, hint.url) };
    case 'markdown':
      return { kind, text, title: markdownTitle(text) };
    case 'json':
      return { kind, text: layoutJson(text) };
    case 'text': {
      const feed = feedToMarkdown(text);
      return feed ? { kind: 'markdown', ...feed } : { kind, text, title: plainTextTitle(text) };
    }
    default:
      return { kind, text };
  }
}

/** Archives in archives are opened so deep. */
const MOST_DEPTH = 5;

/** @throws ToolError whatever is wrong: the readers of these formats fail in many ways where one is damaged */
async function inContainer(
  container: Container | 'tar',
  bytes: Uint8Array,
  hint: DocumentHint & { name: string },
): Promise<ReadableDocument> {
  if ((hint.depth ?? 0) > MOST_DEPTH) throw new ToolError(`${hint.name} lies in more than ${MOST_DEPTH} archives.`);
  try {
    return await readContainer(container, bytes, hint);
  } catch (error) {
    if (error instanceof ToolError) throw error;
    hint.signal?.throwIfAborted();
    throw new ToolError(`${hint.name} is damaged, or in a form of its format that cannot be read here.`);
  }
}

async function readContainer(
  container: Container | 'tar',
  bytes: Uint8Array,
  hint: DocumentHint & { name: string },
): Promise<ReadableDocument> {
  const { name } = hint;
  switch (container) {
    case 'zip': {
      const zip = await openZip(bytes, name);
      const office = hint.members?.length ? undefined : await readOffice(zip, bytes, name);
      return office ?? readArchive(zip, hint, readDocument);
    }
    case 'tar':
      return readArchive(openTar(bytes, name), hint, readDocument);
    case 'gzip':
      return readDocument(unpacked(bytes, hint), {
        ...hint,
        name: name.replace(/\.gz$/i, '').replace(/\.tgz$/i, '.tar'),
        depth: (hint.depth ?? 0) + 1,
      });
    case 'old-office':
      return (await import('./office/old-office.ts')).readOldOffice(bytes, name);
    case 'rtf':
      return readRtf(bytes);
    case 'image':
      return readImage(bytes, name);
  }
}

function unpacked(bytes: Uint8Array, { name, maxBytes = DEFAULT_MAX_BYTES }: DocumentHint): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new ToolError(`${name} unpacks to more than the ${megabytes(maxBytes)} that can be read.`);
    throw new ToolError(`${name} is a damaged gzip file and cannot be read.`);
  }
}

/** Whether a file is read as plain text or HTML, which takes no time and no memory to speak of. */
export function isPlainText(bytes: Uint8Array): boolean {
  const start = startOf(bytes);
  return !isTar(bytes) && containerOf(start) === undefined && !start.includes('%PDF-');
}

async function readBounded(path: string, name: string, hint: DocumentHint): Promise<Uint8Array> {
  const file = await open(path);
  try {
    assertSize((await file.stat()).size, name, hint);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function assertSize(size: number, name: string, { maxBytes = DEFAULT_MAX_BYTES }: DocumentHint): void {
  if (size <= maxBytes) return;
  throw new ToolError(`${name} has ${megabytes(size)}, more than the ${megabytes(maxBytes)} that can be read.`);
}
