import type { DomDocument } from './dom.ts';
import { textOf } from './dom.ts';
import { articleData } from './structured-data.ts';

/** What a page says of itself. */
export interface PageFacts {
  title?: string;
  author?: string;
  /** As the page has it; the day alone where it is an ISO date. */
  published?: string;
  site?: string;
  description?: string;
  /** The whole text, which some sites give in their structured data even where the page itself needs scripts. */
  body?: string;
}

/** Reads a page's meta tags and structured data. Before scripts are removed. */
export function pageFacts(page: DomDocument): PageFacts {
  const data = articleData(page);
  const tags = new Map<string, string>();
  for (const tag of page.querySelectorAll('meta[content]')) {
    const name = (
      tag.getAttribute('property') ??
      tag.getAttribute('name') ??
      tag.getAttribute('itemprop') ??
      ''
    ).toLowerCase();
    const content = tag.getAttribute('content')?.replace(/\s+/g, ' ').trim();
    if (!name || !content) continue;
    const before = tags.get(name);
    // Papers name each author in a tag of its own.
    tags.set(name, before !== undefined && name === 'citation_author' ? `${before}, ${content}` : (before ?? content));
  }
  const first = (...names: string[]) => names.map((name) => tags.get(name)).find((value) => value !== undefined);
  const author = data?.author ?? first('citation_author', 'author', 'article:author', 'dc.creator', 'parsely-author');
  const published =
    data?.published ??
    first(
      'article:published_time',
      'citation_publication_date',
      'citation_date',
      'datepublished',
      'date',
      'dc.date',
      'pubdate',
    );
  const written = page.querySelector('title');
  return {
    title: (written && textOf(written)) || undefined,
    author: author && !/^https?:/.test(author) && author.length <= 200 ? author : undefined,
    published: published && day(published),
    site: first('og:site_name', 'application-name', 'citation_journal_title'),
    description: first('og:description', 'description', 'twitter:description'),
    body: data?.body,
    ...(data?.title && { title: data.title }),
  };
}

const day = (date: string): string => /^\d{4}-\d\d-\d\d(?=T|$)/.exec(date)?.[0] ?? date.slice(0, 60);
