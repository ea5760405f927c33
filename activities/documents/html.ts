import { Readability } from '@mozilla/readability';
import { parseHTML } from 'linkedom';
import type { DomDocument, DomElement } from './dom.ts';
import { toMarkdown } from './html-to-markdown.ts';
import { cleanTitle } from './titles.ts';

/** Deeper pages are no real pages, and the libraries recurse: past this only the bare text is taken. */
const MAX_DEPTH = 400;

/** An article shorter than this share of the page's text is a wrong guess, and the whole page is taken. */
const MIN_SHARE = 0.3;

/** Runs of white space that no page has for its readers; the libraries take minutes over them. */
const LONG_SPACE = /(?:\s|&nbsp;|&#160;|&#xa0;){300,}/gi;

const NOT_CONTENT = 'title, script, style, noscript, template, svg, canvas, iframe, object, nav, dialog, [hidden]';

/**
 * The readable part of an HTML page as Markdown with its links. Without a recognisable article the whole body is taken.
 *
 * @param url address of the page, to make its links absolute
 */
export function htmlToMarkdown(html: string, url?: string): { title?: string; text: string } {
  const page = parsePage(html.replace(LONG_SPACE, (run) => (run.includes('\n') ? '\n' : ' ')));
  const title = page.querySelector('title')?.textContent?.trim() || page.querySelector('h1')?.textContent?.trim();
  if (depth(page.body) > MAX_DEPTH) return { title: title && cleanTitle(title), text: bareText(page.body) };

  for (const element of page.querySelectorAll(NOT_CONTENT)) element.remove();
  if (url) makeLinksAbsolute(page, url);
  const whole = page.body.textContent?.trim().length ?? 0;
  const article = readArticle(page);
  const useArticle = article && article.length >= whole * MIN_SHARE;
  const text = toMarkdown(useArticle ? article.body : page.body);
  const name = cleanTitle((useArticle && article.title) || title || '');
  const headed = !name || /^#+ /m.test(text.slice(0, 500)) ? text : `# ${name}\n\n${text}`;
  return { title: name || undefined, text: headed };
}

/** The charset named in a page's own markup. `start` is the page's first bytes as Latin-1. */
export function declaredHtmlCharset(start: string): string | undefined {
  return (
    /<meta[^>]+charset\s*=\s*["']?([\w-]+)/i.exec(start)?.[1] ?? /<\?xml[^>]+encoding=["']([\w-]+)/i.exec(start)?.[1]
  );
}

/** The parser finds the body only where `html`, `head` and `body` are written out, which pages may leave out. */
function parsePage(html: string): DomDocument {
  const asWritten = parseHTML(html).document as unknown as DomDocument;
  if (asWritten.querySelector('html > head + body')) return asWritten;
  const inner = html.replace(/<!doctype[^<>]*>|<\/?(?:html|body)(?:\s[^<>]*)?>/gi, '');
  const headEnd = /<\/head\s*>/i.exec(inner);
  const split = headEnd ? headEnd.index + headEnd[0].length : 0;
  const head = inner.slice(0, split) || '<head></head>';
  return parseHTML(`<!doctype html><html>${head}<body>${inner.slice(split)}</body></html>`)
    .document as unknown as DomDocument;
}

/** Works on a copy, for the library changes the page. */
function readArticle(page: DomDocument): { body: DomElement; title?: string; length: number } | undefined {
  try {
    const copy = page.cloneNode(true) as ConstructorParameters<typeof Readability>[0];
    const article = new Readability<DomElement>(copy, {
      keepClasses: true,
      serializer: (node) => node as unknown as DomElement,
    }).parse();
    if (!article?.content) return undefined;
    return {
      body: article.content,
      title: article.title ?? undefined,
      length: article.content.textContent?.trim().length ?? 0,
    };
  } catch {
    // A page it stumbles over is read whole.
    return undefined;
  }
}

function makeLinksAbsolute(page: DomDocument, url: string): void {
  const base = resolve(page.querySelector('base[href]')?.getAttribute('href') ?? url, url) ?? url;
  for (const [selector, name] of [
    ['a[href]', 'href'],
    ['img[src]', 'src'],
  ] as const) {
    for (const element of page.querySelectorAll(selector)) {
      const link = element.getAttribute(name)!;
      if (!link.startsWith('#')) element.setAttribute(name, resolve(link, base) ?? link);
    }
  }
}

const resolve = (link: string, base: string): string | undefined =>
  URL.canParse(link, base) ? new URL(link, base).href : undefined;

/** Depth of the element tree, counted without recursion. */
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
