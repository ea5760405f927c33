import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataConverter, ExternalStorage } from '@temporalio/common';
import { encryptionCodec } from './encryption/codec.ts';
import type { EncryptionKeys } from './encryption/keys.ts';

const moduleAt = (name: string): string =>
  fileURLToPath(new URL(`./failures/${name}${extname(import.meta.url)}`, import.meta.url));

const ENCODED = moduleAt('encoded');

/** Whether failures are encrypted as well, for which a bundle of workflows must be made with the converter. */
export const encryptsFailures = ({ failureConverterPath }: DataConverter): boolean => failureConverterPath === ENCODED;

/** How values travel: encrypted where there are keys, and what is too large for a history, encrypted as it is, in the store. */
export const dataConverterWith = (
  externalStorage: ExternalStorage,
  keys: EncryptionKeys | undefined,
): DataConverter => ({
  externalStorage,
  payloadCodecs: [encryptionCodec(keys)],
  failureConverterPath: keys ? ENCODED : moduleAt('plain'),
});
