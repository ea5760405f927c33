import { createHash } from 'node:crypto';

/**
 * How benchmarks keep their texts out of training data: base64 of the text, each byte combined by exclusive or with the
 * key, which is repeated.
 */
function decipher(text: string, key: Uint8Array): string {
  const bytes = Buffer.from(text, 'base64');
  for (const [index, byte] of bytes.entries()) bytes[index] = byte ^ (key[index % key.length] as number);
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

/** BrowseComp and BrowseComp-ZH: the key is the SHA-256 of the row's `canary`. */
export const byHashOf = (canary: string) => (text: string) =>
  decipher(text, createHash('sha256').update(canary).digest());

/** xbench: the key is the row's `canary` itself. */
export const byText = (canary: string) => (text: string) => decipher(text, Buffer.from(canary));
