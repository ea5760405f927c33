import { type FileHandle, open } from 'node:fs/promises';

export interface Excerpt {
  text: string;
  cut: boolean;
}

/** `excerptOf` of the file at a path; one that is not there is an empty output. */
export async function excerpt(path: string, characters: number, keep: () => Promise<string>): Promise<Excerpt> {
  const file = await open(path).catch(() => undefined);
  if (!file) return { text: '', cut: false };
  try {
    return await excerptOf(file, characters, keep);
  } finally {
    await file.close();
  }
}

/**
 * The text of an output file, or its beginning and end with a line between them that says how much is left out.
 * Bytes that are not UTF-8 become U+FFFD.
 * `keep` is asked, only where something is left out, what to say about the rest.
 */
export async function excerptOf(file: FileHandle, characters: number, keep: () => Promise<string>): Promise<Excerpt> {
  const { size } = await file.stat();
  // A character takes four bytes at most, so this much holds what is shown of either end.
  const part = 4 * (characters + 1);
  const head = decode(await read(file, 0, Math.min(size, 2 * part)));
  if (size <= 2 * part && head.length <= characters) return { text: head, cut: false };
  const tail = size <= 2 * part ? head : decode(await read(file, size - part, part));
  const first = headOf(head, characters);
  const last = tailOf(tail, characters);
  const left = size - Buffer.byteLength(first) - Buffer.byteLength(last);
  return { text: `${first}\n[… ${left} bytes left out; ${await keep()} …]\n${last}`, cut: true };
}

// Half of a surrogate pair is no text.
const headOf = (text: string, characters: number) =>
  text.slice(0, Math.ceil(characters / 2)).replace(/[\uD800-\uDBFF]$/, '');
const tailOf = (text: string, characters: number) =>
  text.slice(text.length - Math.floor(characters / 2)).replace(/^[\uDC00-\uDFFF]/, '');

const decode = (bytes: Buffer) => new TextDecoder('utf-8').decode(bytes);

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
