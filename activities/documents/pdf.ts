import { getDocumentProxy } from 'unpdf';
import { ToolError } from '../tools/tool.ts';
import { ordinaryCharacters } from './pdf-characters.ts';
import type { ReadableDocument } from './readable-document.ts';

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;

/** Stops reading a document whose text grows past this, in characters. */
const MAX_TEXT = 20_000_000;

/** Reads the text of a PDF, page by page in the order of its content, pages separated by form feeds. */
export async function readPdf(bytes: Uint8Array, name: string, signal?: AbortSignal): Promise<ReadableDocument> {
  const pdf = await openPdf(bytes, name);
  try {
    const pages: string[] = [];
    let length = 0;
    for (let number = 1; number <= pdf.numPages && length < MAX_TEXT; number++) {
      signal?.throwIfAborted();
      const page = await pageText(pdf, number);
      pages.push(page);
      length += page.length;
    }
    if (length === 0) {
      const pagesInWords = pdf.numPages === 1 ? 'its page' : `its ${pdf.numPages} pages`;
      throw new ToolError(`${name} has no text on ${pagesInWords}: probably scanned images.`);
    }
    return { kind: 'pdf', title: await pdfTitle(pdf), text: pages.join('\n\f\n') };
  } finally {
    await pdf.loadingTask.destroy();
  }
}

async function openPdf(bytes: Uint8Array, name: string): Promise<Pdf> {
  try {
    // The library takes the buffer over, so it gets one of its own.
    return await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 });
  } catch (error) {
    const locked = error instanceof Error && error.name === 'PasswordException';
    throw new ToolError(locked ? `${name} is locked with a password.` : `${name} is a damaged PDF and cannot be read.`);
  }
}

async function pageText(pdf: Pdf, number: number): Promise<string> {
  const page = await pdf.getPage(number);
  const { items } = await page.getTextContent();
  let text = '';
  let lineY: number | undefined;
  for (const item of items) {
    if (!('str' in item)) continue;
    const y = item.transform[5] as number;
    // A gap of well over a line's height is a new paragraph.
    if (text.endsWith('\n') && lineY !== undefined && Math.abs(lineY - y) > item.height * 1.8 && item.str.trim())
      text += '\n';
    text += item.str + (item.hasEOL ? '\n' : '');
    if (item.str.trim()) lineY = y;
  }
  page.cleanup();
  const lines = ordinaryCharacters(text)
    .split('\n')
    .map((line) => line.trimEnd());
  return lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

async function pdfTitle(pdf: Pdf): Promise<string | undefined> {
  const { info } = await pdf.getMetadata().catch(() => ({ info: {} }));
  const title = String((info as { Title?: unknown }).Title ?? '').trim();
  return title && !/^untitled|^microsoft word - |\.(docx?|html?|odt|tex|indd)$/i.test(title) ? title : undefined;
}
