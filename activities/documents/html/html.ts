import { cleanTitle } from '../titles.ts';
import { removeClutter } from './clutter.ts';
import { type Content, findContent } from './content.ts';
import { dateline } from './dateline.ts';
import { type DomDocument, type DomElement, textOf } from './dom.ts';
import { absoluteLinks } from './links.ts';
import { toMarkdown } from './markdown.ts';
import { type PageFacts, pageFacts } from './metadata.ts';
import { parsePage } from './parse-page.ts';
import { preparePage } from './prepare-page.ts';

/** Deeper pages are no real pages, and the libraries recurse: past this only the bare text is taken. */
const MAX_DEPTH = 400;

/** A page with less text than this, in characters, may be one that scripts fill. */
const FEW_CHARACTERS = 200;

export interface HtmlText {
  title?: string;
  /** Markdown with links. */
  text: string;
  /** Scripts fill the page: what is here is not its content. */
  needsScripts?: true;
}

/**
 * The readable part of an HTML page: its title, who wrote it and when, and its content.
 *
 * @param url address of the page, to make its links absolute
 */
export function htmlToMarkdown(html: string, url?: string): HtmlText {
  const page = parsePage(html);
  const facts = pageFacts(page);
  const title = facts.title || firstHeading(page);
  if (depth(page.body) > MAX_DEPTH) return { title: title && cleanTitle(title), text: bareText(page.body) };

  const scripts = isFilledByScripts(page);
  preparePage(page);
  removeClutter(page);
  if (url) absoluteLinks(page, url);
  const heading = page.querySelector('h1');
  const headline = heading && textOf(heading);
  const line = heading && dateline(heading);
  const content = findContent(page);
  let body = toMarkdown(content.root);
  // Where scripts show the text, or a teaser stands in its place, the page's data may have it.
  const told = facts.body && facts.body.length > body.length * 1.5 ? plainText(facts.body) : undefined;
  body = told ?? body;
  const name = cleanTitle((!told && content.title) || title || '') || undefined;
  if (!told && scripts && body.length < FEW_CHARACTERS) {
    return { title: name, text: facts.description ?? body, needsScripts: true };
  }
  return { title: name, text: withHead(body, name, headline, factsLine(facts, content, body, line)) };
}

/** Puts the title above a text that has none, and what is known of it below. */
function withHead(body: string, title: string | undefined, headline: string | null, line: string): string {
  const start = body.slice(0, 2000);
  const headings = [...start.matchAll(/^#{1,6} (.*)$/gm)].map(([, text = '']) => plain(text));
  const wanted = headline && headline.length <= 300 ? headline : title;
  const isThere =
    !wanted || headings.some((text) => text !== '' && (text.includes(plain(wanted)) || plain(wanted).includes(text)));
  if (!isThere) return [`# ${wanted}`, line, body].filter(Boolean).join('\n\n');
  if (!line) return body;
  const head = /^# .*\n*/.exec(body)?.[0];
  return head ? `${head.trimEnd()}\n\n${line}\n\n${body.slice(head.length)}` : `${line}\n\n${body}`;
}

const plain = (text: string): string =>
  text
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .toLowerCase();

/** Who wrote it, when and where, as far as the text does not begin with it. */
function factsLine(facts: PageFacts, content: Content, body: string, line: string | null | undefined): string {
  const start = plain(body.slice(0, 800));
  const isNew = (text: string | undefined): text is string => text !== undefined && !start.includes(plain(text));
  if (line && isNew(line)) return line;
  const author =
    facts.author ??
    (content.byline && content.byline.length < 100 ? content.byline.replace(/\s+/g, ' ').trim() : undefined);
  const known = [
    isNew(author) && `Author: ${author}`,
    isNew(facts.published) && `Date published: ${facts.published}`,
  ].filter((one) => one !== false);
  if (known.length > 0 && isNew(facts.site)) known.push(`Site: ${facts.site}`);
  return known.join(' · ');
}

const firstHeading = (page: DomDocument): string | undefined => {
  const heading = page.querySelector('h1');
  return (heading && textOf(heading)) || undefined;
};

function isFilledByScripts(page: DomDocument): boolean {
  if (!page.querySelector('script')) return false;
  const notice = [...page.querySelectorAll('noscript')].some((element) =>
    /javascript/i.test(element.textContent ?? ''),
  );
  return (
    notice ||
    page.querySelector('#root, #app, #__next, #__nuxt, #___gatsby, app-root, [data-reactroot]') !== null ||
    textOf(page.body).length < 40
  );
}

/** Text of structured data, which may have markup of its own. */
function plainText(text: string): string {
  if (!/<(?:p|br|div)\b/i.test(text)) return text.trim();
  return toMarkdown(parsePage(`<html><head></head><body>${text}</body></html>`).body);
}

/** Depth of the tree below an element, found without recursion. */
function depth(root: DomElement): number {
  let deepest = 0;
  let level = 0;
  let node: DomElement | null = root;
  while (node) {
    if (node.firstElementChild) {
      node = node.firstElementChild;
      deepest = Math.max(deepest, ++level);
      continue;
    }
    while (node && node !== root && !node.nextElementSibling) {
      node = node.parentElement;
      level--;
    }
    node = node === root ? null : (node?.nextElementSibling ?? null);
  }
  return deepest;
}

function bareText(root: DomElement): string {
  return (root.textContent ?? '')
    .replace(/[ \t]+/g, ' ')
    .replace(/\s*\n\s*/g, '\n')
    .trim();
}
