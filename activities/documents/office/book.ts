import { parsePage } from '../html/parse-page.ts';
import { MAX_TEXT, type ReadableDocument } from '../readable-document.ts';
import { allNamed, firstNamed, joined, type OfficeParts } from './parts.ts';
import { documentMarkdown } from './to-markdown.ts';

/** Reads EPUB: the chapters in the order of the book. */
export async function readBook(parts: OfficeParts): Promise<ReadableDocument> {
  const container = await parts.xml('META-INF/container.xml');
  const path = container && firstNamed(container, 'rootfile')?.getAttribute('full-path');
  const root = path ? await parts.xml(path) : undefined;
  if (!path || !root) return { kind: 'book', text: '' };
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const files = new Map(
    [...allNamed(root, 'item', 'opf:item')].map((item) => [item.getAttribute('id'), item.getAttribute('href') ?? '']),
  );
  const chapters: string[] = [];
  let length = 0;
  for (const entry of allNamed(root, 'itemref', 'opf:itemref')) {
    const href = files.get(entry.getAttribute('idref'));
    const html = href === undefined ? undefined : await parts.text(joined(folder, decoded(href)));
    if (!html || length >= MAX_TEXT) continue;
    const page = parsePage(html.replace(/^\s*<\?xml[^>]*>/, ''));
    for (const unread of page.querySelectorAll('script, style, nav')) unread.remove();
    const text = documentMarkdown(page);
    chapters.push(text);
    length += text.length;
  }
  const title = firstNamed(root, 'dc:title')?.textContent?.trim();
  return { kind: 'book', ...(title && { title }), text: chapters.filter(Boolean).join('\n\n') };
}

function decoded(href: string): string {
  try {
    return decodeURIComponent(href);
  } catch {
    return href;
  }
}
