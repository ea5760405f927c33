import mammoth from 'mammoth';
import type { DomDocument, DomElement } from '../html/dom.ts';
import type { ReadableDocument } from '../readable-document.ts';
import { markdownTitle } from '../titles.ts';
import { withPlainEquations } from './equations.ts';
import type { OfficeParts } from './parts.ts';
import { documentMarkdown, pageOf } from './to-markdown.ts';

const STYLES = [
  "p[style-name='Title'] => h1:fresh",
  "p[style-name='Subtitle'] => p:fresh",
  // Comments are shown as notes are.
  'comment-reference => sup',
];

/** Reads DOCX: headings, lists, tables, links, notes and equations; what was struck out under review is left out. */
export async function readWord(parts: OfficeParts): Promise<ReadableDocument> {
  // The library takes an opened file too, which keeps its unpacking within the limits here.
  const file = {
    exists: (name: string) => parts.has(name),
    async read(name: string, encoding?: string): Promise<string | Uint8Array> {
      const bytes = (await parts.bytes(name)) ?? new Uint8Array();
      if (!encoding) return bytes;
      if (encoding === 'base64') return Buffer.from(bytes).toString('base64');
      const text = new TextDecoder(encoding).decode(bytes);
      return /^word\/document\d*\.xml$/.test(name) ? withPlainEquations(text) : text;
    },
  };
  const input = { file } as unknown as { buffer: Buffer };
  const { value } = await mammoth.convertToHtml(input, {
    styleMap: STYLES,
    externalFileAccess: false,
    // Of an image its description is kept.
    convertImage: mammoth.images.imgElement(async () => ({ src: '' })),
  });
  const page = pageOf(value);
  spellOutNotes(page);
  const text = documentMarkdown(page);
  const title = (await parts.title()) ?? markdownTitle(text);
  return { kind: 'document', ...(title && { title }), text };
}

/** The notes, which are a list at the end, get the marks that they have in the text. */
function spellOutNotes(page: DomDocument): void {
  for (const back of page.querySelectorAll(
    'a[href^="#footnote-ref"], a[href^="#endnote-ref"], a[href^="#comment-ref"]',
  ))
    back.remove();
  const marks = new Map(
    [...page.querySelectorAll('sup a[href^="#"]')].map((mark) => [mark.getAttribute('href'), mark.textContent ?? '']),
  );
  for (const note of page.querySelectorAll('li[id^="footnote-"], li[id^="endnote-"]')) {
    const list = note.parentElement;
    const line = page.createElement('p');
    line.append(`${marks.get(`#${note.getAttribute('id')}`) ?? '[note]'} `, ...contentOf(note));
    list?.before(line);
    note.remove();
    if (list && list.children.length === 0) list.remove();
  }
}

/** Paragraphs of a note run on in one. */
const contentOf = (note: DomElement) => [...note.children].flatMap((block) => [...block.childNodes, ' ']);
