import type { ContentKind } from './content-kind.ts';

/** The HTML standard looks for the declaration in 1024 bytes; real pages have it later at times. */
const PRESCAN_BYTES = 4096;

/**
 * The character set a page says it is in, as `TextDecoder` names it. As in browsers that is the one of the byte order
 * mark, else of the `content-type` header, else of the page's own `meta` tag or XML declaration. Undefined where none
 * of them names a known one: then the bytes have to be guessed from.
 */
export function pageCharset(bytes: Uint8Array, contentType: string, kind: ContentKind): string | undefined {
  const header = /;\s*charset\s*=\s*["']?([^\s"';,]+)/i.exec(contentType)?.[1];
  return byteOrderMark(bytes) ?? encodingName(header) ?? declaredInside(bytes, kind);
}

function byteOrderMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return undefined;
}

function declaredInside(bytes: Uint8Array, kind: ContentKind): string | undefined {
  if (kind !== 'html' && kind !== 'xml') return undefined;
  const start = Buffer.from(bytes.subarray(0, PRESCAN_BYTES)).toString('latin1');
  const markup = start.replace(/<!--.*?-->/gs, '');
  const meta = kind === 'html' ? /<meta\s[^>]*?\bcharset\s*=\s*["']?\s*([^\s"'/>;]+)/i.exec(markup)?.[1] : undefined;
  const xml = /^\s*<\?xml[^>]*\bencoding\s*=\s*["']([^"']+)/i.exec(markup)?.[1];
  const name = encodingName(meta) ?? encodingName(xml);
  // A declaration that could be read byte by byte is not in UTF-16, whatever it says.
  return name?.startsWith('utf-16') ? 'utf-8' : name;
}

function encodingName(label: string | undefined): string | undefined {
  if (label === undefined) return undefined;
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
}
