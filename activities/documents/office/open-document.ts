import { textOf } from '../html/dom.ts';
import type { ReadableDocument } from '../readable-document.ts';
import { markdownTitle } from '../titles.ts';
import { OpenDocumentHtml } from './open-document-html.ts';
import { allNamed, childNamed, firstNamed, type OfficeParts } from './parts.ts';
import { documentMarkdown, pageOf } from './to-markdown.ts';

/** Reads ODT: headings, lists, tables, links and notes; comments and what was struck out under review are left out. */
export async function readOpenText(parts: OfficeParts): Promise<ReadableDocument> {
  const content = await parts.xml('content.xml');
  const body = content && firstNamed(content, 'office:text');
  const html = body ? new OpenDocumentHtml(content).withNotes(body) : '';
  const text = markdown(html);
  const title = (await parts.title()) ?? markdownTitle(text);
  return { kind: 'document', ...(title && { title }), text };
}

/** Reads ODP: each slide's texts and tables, and what the speaker is to say. */
export async function readOpenSlides(parts: OfficeParts): Promise<ReadableDocument> {
  const content = await parts.xml('content.xml');
  const pages = content ? [...allNamed(content, 'draw:page')] : [];
  const hidden = new Set(
    [...(content ? allNamed(content, 'style:style') : [])]
      .filter(
        (style) =>
          firstNamed(style, 'style:drawing-page-properties')?.getAttribute('presentation:visibility') === 'hidden',
      )
      .map((style) => style.getAttribute('style:name')),
  );
  const blocks = pages.map((page, index) => {
    const notes = childNamed(page, 'presentation:notes');
    notes?.remove();
    const frames = [...page.children];
    const titleFrame = frames.find((frame) => frame.getAttribute('presentation:class') === 'title');
    titleFrame?.remove();
    const html = new OpenDocumentHtml(content!);
    const title = titleFrame ? textOf(titleFrame) : '';
    const mark = hidden.has(page.getAttribute('draw:style-name')) ? ' (hidden)' : '';
    const said = notes && markdown(html.blocks(notes));
    return [
      `## Slide ${index + 1}${title ? `: ${title}` : ''}${mark}`,
      markdown(html.blocks(page)),
      said ? `Notes: ${said}` : '',
    ]
      .filter(Boolean)
      .join('\n\n');
  });
  const title = await parts.title();
  return { kind: 'presentation', ...(title && { title }), text: blocks.join('\n\n') };
}

const markdown = (html: string): string => documentMarkdown(pageOf(html));
