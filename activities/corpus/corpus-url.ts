import { win32 } from 'node:path';
import { ToolError } from '../tools/tool.ts';

/**
 * Address of a document in a corpus: its path relative to the folder, with `/`, and percent-encoded where a Markdown
 * link or an address would otherwise end or change its meaning. Letters of all scripts stay readable.
 */
export function documentUrl(path: string): string {
  return path.replace(/[\s%#?:()<>[\]"'`\\^{}|\x00-\x1f\x7f]/g, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

/**
 * The path that an address stands for, below the corpus folder. A fragment is dropped (a `#` of a name is encoded).
 *
 * @throws ToolError when the address is no address of a document in a folder: absolute, with `..`, another scheme, NUL
 */
export function documentPath(url: string): string {
  const trimmed = url
    .trim()
    .replace(/#.*$/s, '')
    .replace(/^(?:\.\/+)+/, '');
  if (trimmed === '') throw refusal(url, 'is empty');
  // A name with a stray % or a colon is taken as it is written, for people write names so.
  const path = decoded(trimmed);
  for (const form of [trimmed, path]) {
    if (form.includes('\0')) throw refusal(url, 'contains a NUL character');
    if (form.split(/[/\\]/).includes('..')) throw refusal(url, 'contains ".."');
    if (/^[/\\~]/.test(form) || win32.isAbsolute(form)) throw refusal(url, 'is absolute');
  }
  if (/^[a-z][a-z0-9+.-]+:/i.test(trimmed)) throw refusal(url, 'has a scheme');
  return path
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
    .join('/');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function refusal(url: string, why: string): ToolError {
  const shown = JSON.stringify(url.length > 120 ? `${url.slice(0, 120).toWellFormed()}…` : url);
  return new ToolError(
    `${shown} cannot be opened: it ${why}; expected the path of a document below the folder, as in the search results.`,
  );
}
