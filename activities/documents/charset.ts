/** The HTML standard looks for the declaration in 1024 bytes; real pages have it later at times. */
const PRESCAN_BYTES = 4096;

/** The character set of a byte order mark. */
export function markedCharset([a, b, c]: Uint8Array): string | undefined {
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8';
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  return undefined;
}

/** What `TextDecoder` calls a character set; undefined for what it does not know. */
export function knownCharset(label: string | undefined): string | undefined {
  if (label === undefined) return undefined;
  try {
    return new TextDecoder(label.trim()).encoding;
  } catch {
    return undefined;
  }
}

/** The one that a media type names. */
export const statedCharset = (contentType: string): string | undefined =>
  knownCharset(/;\s*charset\s*=\s*["']?([^\s"';,]+)/i.exec(contentType)?.[1]);

/** The one that a page's `meta` tag or XML declaration names. */
export function declaredCharset(bytes: Uint8Array, kind: 'html' | 'xml'): string | undefined {
  const start = Buffer.from(bytes.subarray(0, PRESCAN_BYTES)).toString('latin1');
  const markup = start.replace(/<!--.*?-->/gs, '');
  const meta = kind === 'html' ? /<meta\s[^>]*?\bcharset\s*=\s*["']?\s*([^\s"'/>;]+)/i.exec(markup)?.[1] : undefined;
  const xml = /^\s*<\?xml[^>]*\bencoding\s*=\s*["']([^"']+)/i.exec(markup)?.[1];
  const name = knownCharset(meta) ?? knownCharset(xml);
  // A declaration that could be read byte by byte is not in UTF-16, whatever it says.
  return name?.startsWith('utf-16') ? 'utf-8' : name;
}
