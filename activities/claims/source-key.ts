import { pageKey } from '../providers/page-key.ts';

/** What is the same for all ways to write the address of a page, or the name of a document. */
export function sourceKey(address: string): string {
  const plain = address.trim();
  if (/^https?:\/\//i.test(plain)) return pageKey(plain);
  return decoded(plain.replace(/#.*$/s, ''))
    .replace(/^(?:\.?\/)+/, '')
    .toLowerCase();
}

/** The last part of a document's name. */
export const baseName = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
