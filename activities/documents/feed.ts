import { type DomElement, textOf } from './html/dom.ts';
import { toMarkdown } from './html/markdown.ts';
import { parsePage } from './html/parse-page.ts';
import { parseXml } from './parse-xml.ts';

/** More entries are an archive, not news. */
const MOST_ENTRIES = 300;

/** The entries of a news feed (RSS, Atom) with their dates and links. Undefined for other texts. */
export function feedToMarkdown(text: string): { title?: string; text: string } | undefined {
  const root = /^\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--[\s\S]*?-->\s*|<\?[^>]*\?>\s*)*<(rss|feed|rdf:RDF)\b/.exec(
    text.slice(0, 2000),
  )?.[1];
  if (!root) return undefined;
  const all = parseXml(text);
  if (!all) return undefined;
  const entries = [...all.querySelectorAll('item, entry')].slice(0, MOST_ENTRIES);
  const channel = child(all, 'channel') ?? all;
  const title = textIn(channel, 'title');
  const about = textIn(channel, 'description') ?? textIn(channel, 'subtitle');
  const parts = [...(title ? [`# ${title}`] : []), ...(about ? [about] : []), ...entries.map(entryText)];
  return { title, text: parts.join('\n\n') };
}

function entryText(entry: DomElement): string {
  const title = textIn(entry, 'title') ?? '(no title)';
  const link = linkOf(entry);
  const date =
    textIn(entry, 'pubDate') ?? textIn(entry, 'published') ?? textIn(entry, 'updated') ?? textIn(entry, 'dc:date');
  const body =
    child(entry, 'content:encoded') ??
    child(entry, 'content') ??
    child(entry, 'description') ??
    child(entry, 'summary');
  const parts = [link ? `## [${title}](${link})` : `## ${title}`, ...(date ? [date] : [])];
  const text = body && asMarkdown(body.textContent ?? '');
  return [...parts, ...(text ? [text] : [])].join('\n\n');
}

function linkOf(entry: DomElement): string | undefined {
  const links = [...entry.children].filter(({ localName }) => localName === 'link');
  const own = links.find((link) => (link.getAttribute('rel') ?? 'alternate') === 'alternate') ?? links[0];
  return own?.getAttribute('href') ?? (own && textOf(own)) ?? undefined;
}

const child = (element: DomElement, name: string): DomElement | undefined =>
  [...element.children].find((one) => one.localName === name || one.localName === name.split(':')[1]);

function textIn(element: DomElement, name: string): string | undefined {
  const found = child(element, name);
  return (found && textOf(found)) || undefined;
}

const asMarkdown = (html: string): string =>
  /<\w/.test(html) ? toMarkdown(parsePage(`<html><head></head><body>${html}</body></html>`).body) : html.trim();
