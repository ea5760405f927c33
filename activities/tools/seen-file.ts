import { createHash } from 'node:crypto';
import type { Usage } from '../../protocol/reply.ts';
import { NO_TEXT } from '../documents/pdf/pdf.ts';
import type { ReadableDocument } from '../documents/readable-document.ts';
import type { DescribedPages, ImageReader } from '../vision/describe-image.ts';
import { MOST_BYTES } from '../vision/settings.ts';
import { FetchError } from '../web/fetch-error.ts';
import type { FetchFile } from '../web/web-files.ts';
import type { FileRequest } from './file-request.ts';
import { type ToolContext, ToolError } from './tool.ts';

export interface SeenOptions {
  /** Has a model read images and scanned pages. Without it they are said to be such. */
  images?: ImageReader;
  /** Fetches those of the web. */
  fetchFile?: FetchFile;
}

/** A document, with the tokens that it took to look at it. */
export type SeenDocument = ReadableDocument & { usage?: Usage };

/** Reads a file without looking at it; throws `ToolError` where it has no text. */
type Read = () => Promise<ReadableDocument>;

/** A file as text: an image, and pages of a PDF that were scanned, as a model reads them. */
export async function seenFile(
  bytes: Uint8Array,
  request: FileRequest,
  context: ToolContext,
  options: SeenOptions,
  read: Read,
): Promise<SeenDocument> {
  const result = await settled(read);
  const { images } = options;
  return (
    (images && worthALook(result, request) && (await look(bytes, result, request, context, images))) || given(result)
  );
}

/** The same of a file at an address. */
export async function seenPage(
  request: FileRequest,
  context: ToolContext,
  { images, fetchFile }: SeenOptions,
  read: Read,
): Promise<SeenDocument> {
  const result = await settled(read);
  if (!images || !fetchFile || !worthALook(result, request)) return given(result);
  const wanted = { accept: ['image', 'pdf'] as const, maxBytes: MOST_BYTES.image, totalMs: FETCH_MS };
  const fetched = await fetchFile(request.path, wanted, context.signal).catch((error: unknown) => {
    // It was there a moment ago; what was read then is better than nothing.
    if (error instanceof ToolError) return undefined;
    throw error;
  });
  return (fetched && (await look(fetched.bytes, result, request, context, images))) || given(result);
}

const FETCH_MS = 60_000;

interface Settled {
  document?: ReadableDocument;
  refusal?: ToolError;
}

async function settled(read: Read): Promise<Settled> {
  try {
    return { document: await read() };
  } catch (error) {
    if (error instanceof ToolError) return { refusal: error };
    throw error;
  }
}

function given({ document, refusal }: Settled): ReadableDocument {
  if (document) return document;
  throw refusal;
}

/** A file in an archive is not at hand as bytes, and what could not be fetched cannot be looked at. */
function worthALook({ document, refusal }: Settled, { members }: FileRequest): boolean {
  if (members.length > 0 || refusal instanceof FetchError) return false;
  return !document || document.kind === 'image' || (document.kind === 'pdf' && document.text.includes(NO_TEXT));
}

async function look(
  bytes: Uint8Array,
  { document }: Settled,
  request: FileRequest,
  { recorded, signal }: ToolContext,
  images: ImageReader,
): Promise<SeenDocument | undefined> {
  const { shown } = request;
  const name = `${shown} ${createHash('sha256').update(bytes).digest('hex')}`;
  if (document?.kind === 'image') {
    const { text, usage } = await recorded(`image ${name}`, () => images.image(bytes, shown, signal));
    return { ...document, text: `${document.text}\n\n${text || '(The vision model read nothing.)'}`, usage };
  }
  if (!isPdf(bytes)) return undefined;
  const from = firstPage(request);
  // JSON knows no undefined.
  const seen = await recorded(
    `scans ${from} ${name}`,
    async () => (await images.scans(bytes, shown, from, signal)) ?? null,
  );
  return seen ? { ...withScans(shown, document, seen), usage: seen.usage } : undefined;
}

/** As lenient as the reader. */
const isPdf = (bytes: Uint8Array): boolean => Buffer.from(bytes.subarray(0, 1024)).includes('%PDF-');

const firstPage = ({ wanted }: FileRequest): number =>
  wanted.unit === 'page' && typeof wanted.number === 'number' ? Math.max(1, wanted.number) : 1;

const BETWEEN = '\n\f\n';

/** The pages that have text as they are, scanned ones as they were read, or with how to have them read. */
function withScans(shown: string, document: ReadableDocument | undefined, seen: DescribedPages): ReadableDocument {
  const texts = document?.text.split(BETWEEN) ?? [];
  const pages = Array.from({ length: Math.max(seen.pages, texts.length) }, (_, index) => {
    const text = texts[index] ?? NO_TEXT;
    if (text.trim() !== NO_TEXT) return text;
    const read = seen.read.find(({ page }) => page === index + 1);
    if (read) return `[A scanned page, as a vision model reads it:]\n\n${read.text}`;
    return document ? NO_TEXT : `[Not read yet: ${shown}#page=${index + 1}]`;
  });
  const next = seen.next ? `\n\n[The next scanned page: ${shown}#page=${seen.next}]` : '';
  return { ...document, kind: 'pdf', text: `${pages.join(BETWEEN)}${next}` };
}
