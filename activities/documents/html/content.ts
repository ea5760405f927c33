import { Readability } from '@mozilla/readability';
import { removeFrame } from './clutter.ts';
import { type DomDocument, type DomElement, textOf } from './dom.ts';

/** An article shorter than this share of the page without its frame is a wrong guess. */
const MIN_SHARE_OF_PAGE = 0.6;
/** The same against what the page itself marks as its content. */
const MIN_SHARE_OF_MAIN = 0.8;

export interface Content {
  root: DomElement;
  /** As the library made it out. */
  title?: string;
  byline?: string;
}

/**
 * The part of a page that is its content. Readability's article, unless that leaves out much of what the page marks as
 * its main part, or of the page: lists, tables, posts and questions are what it is weak at. Changes the page.
 */
export function findContent(page: DomDocument): Content {
  removeFrame(page.body);
  const article = readArticle(page);
  const marked = [...page.querySelectorAll('main, [role="main"]')];
  const articles = [...page.querySelectorAll('article')].filter((one) => !one.parentElement?.closest('article'));
  const candidates = marked.length > 0 ? marked : articles.length === 1 ? articles : [];
  const main = candidates.toSorted((a, b) => textOf(b).length - textOf(a).length)[0];
  const mainLength = main ? textOf(main).length : 0;
  const length = article ? textOf(article.root).length : 0;
  const whole = textOf(page.body).length;
  if (main && mainLength >= whole * 0.4)
    return article && length >= mainLength * MIN_SHARE_OF_MAIN ? article : { root: main };
  return article && length >= whole * MIN_SHARE_OF_PAGE ? article : { root: page.body };
}

/** Works on a copy, for the library changes the page. */
function readArticle(page: DomDocument): Content | undefined {
  try {
    const copy = page.cloneNode(true) as ConstructorParameters<typeof Readability>[0];
    const article = new Readability<DomElement>(copy, {
      keepClasses: true,
      serializer: (node) => node as unknown as DomElement,
    }).parse();
    if (!article?.content) return undefined;
    return { root: article.content, title: article.title ?? undefined, byline: article.byline ?? undefined };
  } catch {
    // A page it stumbles over is read whole.
    return undefined;
  }
}
