import { declaredCharset, markedCharset, statedCharset } from '../documents/charset.ts';
import type { ContentKind } from './content-kind.ts';

/**
 * The character set a page says it is in, as `TextDecoder` names it. As in browsers that is the one of the byte order
 * mark, else of the `content-type` header, else of the page's own `meta` tag or XML declaration. Undefined where none
 * of them names a known one: then the bytes have to be guessed from.
 */
export function pageCharset(bytes: Uint8Array, contentType: string, kind: ContentKind): string | undefined {
  const declared = kind === 'html' || kind === 'xml' ? declaredCharset(bytes, kind) : undefined;
  return markedCharset(bytes) ?? statedCharset(contentType) ?? declared;
}
