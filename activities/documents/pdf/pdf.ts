import { getDocumentProxy } from 'unpdf';
import { ToolError } from '../../tools/tool.ts';
import { MAX_TEXT, type ReadableDocument } from '../readable-document.ts';
import { ordinaryCharacters } from './characters.ts';
import { type Line, linesOf, lineText, type TextItem } from './lines.ts';
import { tableAt } from './tables.ts';

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;

/** Stands for a page without text among others that have some. */
export const NO_TEXT = '[No text on this page: it is blank or a scanned image.]';

const DAMAGED_PAGE = '[This page is damaged and cannot be read.]';

/** After so many in a row there is nothing to come: a hostile file says that it has millions. */
const MOST_DAMAGED = 20;

/**
 * Reads the text of a PDF, page by page in the order of its content, pages separated by form feeds. Rows of cells that
 * stand below each other become tables.
 */
export async function readPdf(bytes: Uint8Array, name: string, signal?: AbortSignal): Promise<ReadableDocument> {
  const pdf = await openPdf(bytes, name);
  try {
    const pages: string[] = [];
    let length = 0;
    let damaged = 0;
    for (let number = 1; number <= pdf.numPages && length < MAX_TEXT; number++) {
      signal?.throwIfAborted();
      const page = await pageText(pdf, number).catch(() => undefined);
      damaged = page === undefined ? damaged + 1 : 0;
      if (damaged > MOST_DAMAGED || (page === undefined && pdf.numPages === 1)) break;
      pages.push(page ?? DAMAGED_PAGE);
      length += page?.length ?? 0;
    }
    if (length === 0 && damaged > 0) throw damagedPdf(name);
    if (length === 0) {
      const pagesInWords = pdf.numPages === 1 ? 'its page' : `its ${pdf.numPages} pages`;
      throw new ToolError(`${name} has no text on ${pagesInWords}: probably scanned images.`);
    }
    return { kind: 'pdf', title: await pdfTitle(pdf), text: pages.map((page) => page || NO_TEXT).join('\n\f\n') };
  } finally {
    await pdf.loadingTask.destroy();
  }
}

const damagedPdf = (name: string) => new ToolError(`${name} is a damaged PDF and cannot be read.`);

async function openPdf(bytes: Uint8Array, name: string): Promise<Pdf> {
  try {
    // The library takes the buffer over, so it gets one of its own.
    return await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 });
  } catch (error) {
    const locked = error instanceof Error && error.name === 'PasswordException';
    throw locked ? new ToolError(`${name} is locked with a password.`) : damagedPdf(name);
  }
}

async function pageText(pdf: Pdf, number: number): Promise<string> {
  const page = await pdf.getPage(number);
  const { items } = await page.getTextContent();
  page.cleanup();
  const lines = linesOf(items.filter((item): item is TextItem & typeof item => 'str' in item));
  const parts: string[] = [];
  for (let i = 0; i < lines.length; ) {
    const table = tableAt(lines, i);
    if (table) parts.push('\n', table.text, '\n\n');
    else parts.push(isParagraph(lines, i) ? '\n' : '', lineText(lines[i]!), '\n');
    i += table?.lines ?? 1;
  }
  return ordinaryCharacters(parts.join(''))
    .replace(/[\x00-\x08\x0b\x0e-\x1f]/g, '\ufffd')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** A gap of well over a line's height is above a new paragraph. */
function isParagraph(lines: readonly Line[], i: number): boolean {
  const above = lines[i - 1];
  return above !== undefined && Math.abs(above.y - lines[i]!.y) > lines[i]!.height * 1.8;
}

async function pdfTitle(pdf: Pdf): Promise<string | undefined> {
  const { info } = await pdf.getMetadata().catch(() => ({ info: {} }));
  const title = String((info as { Title?: unknown }).Title ?? '').trim();
  return title && !/^untitled|^microsoft word - |\.(docx?|html?|odt|tex|indd)$/i.test(title) ? title : undefined;
}
