import type { Message } from './messages.ts';

/** Taken once: in a workflow each look at a global goes through the sandbox, which costs a microsecond. */
const { imul } = Math;

/** Digest of a transcript that ends with `message`, from the digest of what comes before it (empty at its start). */
export function digestWith(before: string, message: Message): string {
  return hash(before + JSON.stringify(message));
}

/** Two 32-bit FNV-1a hashes. It tells transcripts of one session apart; it is no defence against an attacker. */
function hash(text: string): string {
  let low = 0x811c9dc5;
  let high = 0x9747b28c;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    low = imul(low ^ code, 0x01000193);
    high = imul(high ^ code, 0x01000197);
  }
  return `${(low >>> 0).toString(36)}.${(high >>> 0).toString(36)}`;
}
