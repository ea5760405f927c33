import { readFileSync } from 'node:fs';

/** Keys of payloads by their ids. The first encrypts, all decrypt. */
export interface EncryptionKeys {
  first: string;
  byId: ReadonlyMap<string, Uint8Array>;
}

export const KEYS_VARIABLE = 'DEEP_RESEARCH_ENCRYPTION_KEYS';
const KEYS_FILE_VARIABLE = 'DEEP_RESEARCH_ENCRYPTION_KEYS_FILE';

const KEY_BYTES = 32;

/**
 * The keys that the variables name: `id:key` each, in a list or a line of a file. Undefined where neither is set.
 *
 * @throws Error that names the variable or the line, and never shows a key
 */
export function encryptionKeysFrom(env: Record<string, string | undefined>): EncryptionKeys | undefined {
  const list = env[KEYS_VARIABLE]?.trim();
  const file = env[KEYS_FILE_VARIABLE]?.trim();
  if (list && file) throw new Error(`${KEYS_VARIABLE} and ${KEYS_FILE_VARIABLE}: expected only one of them.`);
  if (list) return keysIn(list.split(','), (index) => `${KEYS_VARIABLE}, key ${index + 1}`);
  if (!file) return undefined;
  const lines = textOf(file).split(/\r?\n/);
  return keysIn(lines, (index) => `${KEYS_FILE_VARIABLE}, line ${index + 1} of ${file}`);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(
      `${KEYS_FILE_VARIABLE}: the file "${file}" cannot be read (${(error as NodeJS.ErrnoException).code}).`,
    );
  }
}

function keysIn(entries: string[], place: (index: number) => string): EncryptionKeys {
  const byId = new Map<string, Uint8Array>();
  entries.forEach((entry, index) => {
    const text = entry.trim();
    if (text === '' || text.startsWith('#')) return;
    const [id = '', key] = text.split(/:(.*)/s).map((part) => part.trim());
    if (key === undefined || !/^[\w.-]{1,64}$/.test(id)) {
      throw new Error(`${place(index)}: expected id:key with an id of letters, digits, ".", "_" and "-".`);
    }
    if (byId.has(id)) throw new Error(`${place(index)}: the id "${id}" is there twice.`);
    const bytes = bytesOf(key);
    if (bytes?.length !== KEY_BYTES) {
      throw new Error(
        `${place(index)}: expected ${KEY_BYTES} bytes as base64 or hex for "${id}"; \`openssl rand -base64 32\` makes some.`,
      );
    }
    byId.set(id, bytes);
  });
  const [first] = byId.keys();
  if (first === undefined) throw new Error(`${place(0).split(',')[0]}: expected at least one key, got none.`);
  return { first, byId };
}

function bytesOf(key: string): Uint8Array | undefined {
  if (/^[0-9a-f]{64}$/i.test(key)) return Buffer.from(key, 'hex');
  return /^[\w+/-]+=*$/.test(key) ? Buffer.from(key, 'base64') : undefined;
}
