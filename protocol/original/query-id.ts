/** The URL namespace of RFC 9562. */
const URL_NAMESPACE = '6ba7b811-9dad-11d1-80b4-00c04fd430c8';

/** The original's id of a question: a UUID of version 5 in the URL namespace, of the SHA-256 of the question in hex. */
export async function queryIdOf(question: string): Promise<string> {
  const encoder = new TextEncoder();
  const sha256 = hex(await crypto.subtle.digest('SHA-256', encoder.encode(question)));
  const namespace = Uint8Array.from(URL_NAMESPACE.replaceAll('-', '').match(/../g) ?? [], (pair) =>
    Number.parseInt(pair, 16),
  );
  const named = new Uint8Array([...namespace, ...encoder.encode(sha256)]);
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-1', named)).slice(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return hex(bytes.buffer).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const hex = (buffer: ArrayBuffer): string =>
  Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** `2026-11-25 22:14:09` in UTC. */
export const timeStamp = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

/** `<query id>-20261125221409`, by which the original names a run of a question. */
export const runIdOf = (queryId: string, startedAt: number): string =>
  `${queryId}-${timeStamp(startedAt).replace(/\D/g, '')}`;
