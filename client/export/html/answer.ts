import MarkdownIt from 'markdown-it';
import { AWAY, escapeHtml, showHidden, webAddress } from './escape.ts';

/** A longer answer is shown as it was written: nobody reads it, and the page must open. In characters. */
const MOST_RENDERED = 1_000_000;

/** The page's own headings are of levels one to three. */
const HEADINGS_BELOW = 2;

const markdown = makeRenderer();

/** A model's Markdown as HTML: no HTML of its own, no images, links to the web only, each saying where it leads. */
export function answerHtml(text: string): string {
  if (text.length > MOST_RENDERED) return `<pre dir="auto">${escapeHtml(text)}</pre>`;
  return markdown.render(showHidden(text));
}

function makeRenderer() {
  const md = new MarkdownIt({ html: false, linkify: true, breaks: true });
  md.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
  md.validateLink = (url) => webAddress(url) !== undefined;
  // An image would be fetched from where it is; what is left is its link.
  md.disable('image');
  md.core.ruler.push('page', ({ tokens }) => {
    for (const token of tokens) {
      if (/^heading_/.test(token.type)) {
        token.tag = `h${Math.min(6, Number(token.tag.slice(1)) + HEADINGS_BELOW)}`;
      }
      // The page's policy allows no styles in attributes.
      const align = /^text-align:(\w+)$/.exec(String(token.attrGet('style') ?? ''))?.[1];
      if (align) token.attrs = [['class', align]];
      if (BLOCKS.has(token.type)) token.attrSet('dir', 'auto');
    }
  });
  md.renderer.rules.link_open = (tokens, index) => {
    const href = webAddress(String(tokens[index]?.attrGet('href') ?? '')) ?? '';
    return `<a href="${escapeHtml(href)}" title="${escapeHtml(href)}" ${AWAY}>`;
  };
  md.renderer.rules.link_close = (tokens, index) => {
    const from = tokens.slice(0, index).findLastIndex(({ type }) => type === 'link_open');
    const text = tokens
      .slice(from + 1, index)
      .map(({ content }) => content)
      .join('');
    return `</a>${elsewhere(text, String(tokens[from]?.attrGet('href') ?? ''))}`;
  };
  return md;
}

/** Blocks of text, each of which may be in a language that is written from right to left. */
const BLOCKS = new Set(['paragraph_open', 'heading_open', 'list_item_open', 'td_open', 'th_open', 'blockquote_open']);

/** A link whose text names another site than it leads to says where it does. */
function elsewhere(text: string, href: string): string {
  const named = /(?:[a-z0-9-]+\.)+[a-z]{2,}/i.exec(text)?.[0]?.toLowerCase();
  const host = URL.parse(href)?.hostname ?? '';
  if (!named || host === named || host.endsWith(`.${named}`) || named.endsWith(`.${host}`)) return '';
  // `report.pdf` is no site.
  if (!/^(?:https?:|www\.)/i.test(text.trim()) && text.trim().toLowerCase() !== named) return '';
  return ` <bdi class="where">(leads to ${escapeHtml(host)})</bdi>`;
}
