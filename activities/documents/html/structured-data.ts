import type { DomDocument } from './dom.ts';

/** An article as a page's structured data (JSON-LD of schema.org) tells it. */
export interface ArticleData {
  title?: string;
  author?: string;
  published?: string;
  body?: string;
}

type Json = Record<string, unknown>;

/** Types whose text is a page's content. */
const ARTICLE = /(?:Article|Posting|Report|Recipe|HowTo|Review)$/;

/** Nodes looked at; hostile data could be a forest. */
const MOST_NODES = 2000;

/** The first article in a page's structured data. */
export function articleData(page: DomDocument): ArticleData | undefined {
  for (const script of page.querySelectorAll('script[type="application/ld+json"]')) {
    const article = nodes(parsed(script.textContent ?? '')).find(isArticle);
    if (!article) continue;
    return {
      title: text(article.headline) ?? text(article.name),
      author: names(article.author ?? article.creator),
      published: text(article.datePublished) ?? text(article.dateCreated),
      body: text(article.articleBody)?.replace(/\r\n?/g, '\n'),
    };
  }
  return undefined;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // Line ends within strings are the commonest fault.
    try {
      return JSON.parse(json.replace(/[\n\r\t]+/g, ' '));
    } catch {
      return undefined;
    }
  }
}

function nodes(root: unknown): Json[] {
  const all: Json[] = [];
  const queue: unknown[] = [root];
  while (queue.length > 0 && all.length < MOST_NODES) {
    const value = queue.shift();
    if (Array.isArray(value)) queue.push(...value.slice(0, MOST_NODES));
    else if (isObject(value)) {
      all.push(value);
      queue.push(value['@graph'], value.mainEntity, value.mainEntityOfPage);
    }
  }
  return all;
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isArticle = (node: Json): boolean =>
  [node['@type']].flat().some((type) => typeof type === 'string' && ARTICLE.test(type));

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;

function names(value: unknown): string | undefined {
  const all = [value].flat().flatMap((one) => text(isObject(one) ? one.name : one) ?? []);
  return all.length > 0 ? all.slice(0, 10).join(', ') : undefined;
}
