import { readFileSync } from 'node:fs';
import { Readability } from '@mozilla/readability';
import { parseHTML } from 'linkedom';

const FOLDER = new URL('../../fixtures/pages/', import.meta.url);

/** What a reader expects of one of the saved pages. */
export interface SavedPage {
  file: string;
  /** What sort of page it is, in words. */
  kind: string;
  /** As its server would say it. Default `text/html`. */
  contentType?: string;
  title?: string;
  needsScripts?: true;
  /** Stretches of the text, in this order. */
  text: string[];
  /** What is not the page's content. */
  without: string[];
  /** Texts and addresses. */
  links: [string, string][];
}

export const savedPages = JSON.parse(readFileSync(new URL('expected.json', FOLDER), 'utf8')) as SavedPage[];

export const bytesOf = ({ file }: SavedPage): Buffer => readFileSync(new URL(file, FOLDER));

export const urlOf = ({ file }: SavedPage): string => `https://site.example/dir/${file}`;

/** What of a page came out as expected. */
export interface Score {
  text: number;
  links: number;
  /** How much of what is not content is there. */
  clutter: number;
}

/** Readability alone on the DOM it is used with here: its text and links. It reads nothing but HTML. */
export function bareReadability(html: string): { text: string; links: string[] } {
  const document = parseHTML(html).document;
  const article = new Readability(document as unknown as ConstructorParameters<typeof Readability>[0]).parse();
  const links = [...(article?.content ?? '').matchAll(/<a\s[^>]*href="([^"]*)"/g)].map(([, href = '']) => href);
  return { text: `${article?.title ?? ''}\n${article?.byline ?? ''}\n${article?.textContent ?? ''}`, links };
}

/** Compares by letters and digits alone, so that the marks of Markdown are no advantage. */
export function score(page: SavedPage, got: { text: string; links: string[] }): Score {
  const text = bare(got.text);
  return {
    text: page.text.filter((stretch) => text.includes(bare(stretch))).length,
    links: page.links.filter(([, url]) => got.links.some((link) => sameEnd(url, link))).length,
    clutter: page.without.filter((stretch) => bare(stretch) !== '' && text.includes(bare(stretch))).length,
  };
}

const bare = (text: string): string => text.replace(/\]\([^)\s]*\)/g, '').replace(/[^\p{L}\p{N}]+/gu, '');

/** Relative links count where they lead to the same place. */
const sameEnd = (url: string, link: string): boolean =>
  URL.parse(link, 'https://site.example/dir/')?.href === url ||
  URL.parse(link, 'https://data.coast.example/open/')?.href === url;
