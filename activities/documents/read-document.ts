import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { ToolError } from '../tools/tool.ts';
import { decodeText } from './decode-text.ts';
import { binaryFormat, detectKind, startOf } from './detect-kind.ts';
import { feedToMarkdown } from './feed.ts';
import { declaredHtmlCharset } from './html/charset.ts';
import { htmlToMarkdown } from './html/html.ts';
import { layoutJson } from './json.ts';
import { readPdf } from './pdf.ts';
import { DEFAULT_MAX_BYTES, type DocumentHint, type ReadableDocument } from './readable-document.ts';
import { markdownTitle, plainTextTitle } from './titles.ts';

/** Pages are taken apart in memory, at some thirty times their size. */
const MAX_HTML_BYTES = 10 * 1024 * 1024;

/**
 * Turns a file or its bytes into readable text.
 *
 * Reads Markdown, plain text, HTML, PDF, CSV, TSV and JSON; the format comes from the bytes, the media type and the
 * file's ending, in this order.
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
  const kind = detectKind(start, { ...hint, name });
  if (kind === 'pdf') return readPdf(bytes, name, hint.signal);

  const format = binaryFormat(start);
  if (format) throw new ToolError(`${name} is ${format}, which cannot be read as text here.`);
  const charset = /charset\s*=\s*["']?([^\s;"']+)/i.exec(hint.contentType ?? '')?.[1];
  const text = decodeText(bytes, charset ?? (kind === 'html' ? declaredHtmlCharset(start) : undefined));
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
  const megabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
  throw new ToolError(`${name} has ${megabytes(size)}, more than the ${megabytes(maxBytes)} that can be read.`);
}
