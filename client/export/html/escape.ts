/**
 * Control characters, those that turn the direction of what follows, and those that show nothing: text that reads as
 * something else than it is. Marks that scripts need (joiners, left-to-right marks) are not among them.
 */
const HIDDEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

/** Text of models, pages and people with what is hidden in it shown as its number: `⟦U+202E⟧`. */
export const showHidden = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(HIDDEN, (character) => `⟦U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}⟧`);

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** For the content of elements and for attributes in quotes. */
export const escapeHtml = (text: string): string =>
  showHidden(text).replace(/[&<>"']/g, (character) => ENTITIES[character] as string);

/** A link where the address is one of the web, else its text. It leaves the page and tells nobody where from. */
export function linkTo(url: string, content: string): string {
  const href = webAddress(url);
  return href ? `<a href="${escapeHtml(href)}" ${AWAY}>${content}</a>` : content;
}

/** Attributes of every link that leaves the page. */
export const AWAY = 'target="_blank" rel="noopener noreferrer nofollow"';

/** The address as a browser would open it; undefined for all but http and https. */
export function webAddress(url: string): string | undefined {
  const parsed = URL.parse(url);
  return parsed && /^https?:$/.test(parsed.protocol) ? parsed.href : undefined;
}
