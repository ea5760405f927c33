import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { type EncryptionKeys, KEYS_VARIABLE } from './keys.ts';

const { Payload: PayloadProto } = proto.temporal.api.common.v1;

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The encoding and the layout (nonce, ciphertext, tag) are those of Temporal's own samples in all languages. */
const ENCODING = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';

const textOf = (bytes: Uint8Array | null | undefined): string => (bytes ? Buffer.from(bytes).toString('utf8') : '');

export const isEncrypted = ({ metadata }: Payload): boolean => textOf(metadata?.encoding) === ENCODING;

/** A payload cannot be read here. */
export class PayloadUnreadable extends Error {
  override name = 'PayloadUnreadable';
}

/**
 * Encrypts whole payloads with the first key. What is not encrypted is read as it is, so that sessions go on that were
 * begun without keys; without keys nothing is encrypted, and what is says which key it needs.
 */
export function encryptionCodec(keys: EncryptionKeys | undefined): PayloadCodec {
  return {
    encode: async (payloads) => (keys ? payloads.map((payload) => encrypted(payload, keys)) : payloads),
    decode: async (payloads) => payloads.map((payload) => (isEncrypted(payload) ? decrypted(payload, keys) : payload)),
  };
}

function encrypted(payload: Payload, { first, byId }: EncryptionKeys): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, byId.get(first) as Uint8Array, nonce);
  const plain = PayloadProto.encode(payload).finish();
  const data = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return { metadata: { encoding: Buffer.from(ENCODING), [KEY_ID]: Buffer.from(first) }, data };
}

function decrypted({ metadata, data }: Payload, keys: EncryptionKeys | undefined): Payload {
  const id = textOf(metadata?.[KEY_ID]);
  const key = keys?.byId.get(id);
  if (!key) {
    const known = keys ? `it has ${[...keys.byId.keys()].join(', ')}` : 'it has none';
    throw new PayloadUnreadable(
      `A payload is encrypted with the key "${id}", which this process has not (${known}): add it to ${KEYS_VARIABLE} or its file.`,
    );
  }
  const bytes = Buffer.from(data ?? []);
  const end = bytes.length - TAG_BYTES;
  try {
    const cipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES));
    cipher.setAuthTag(bytes.subarray(end));
    const plain = Buffer.concat([cipher.update(bytes.subarray(NONCE_BYTES, end)), cipher.final()]);
    return PayloadProto.decode(plain);
  } catch {
    throw new PayloadUnreadable(
      `A payload cannot be decrypted with the key "${id}": another key has that id here, or the payload was changed.`,
    );
  }
}
