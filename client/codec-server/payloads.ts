import type { DataConverter, Payload } from '@temporalio/common';
import { z } from 'zod';
import { openedReference } from '../../converter/stored-payloads.ts';

const bytes = z.base64().transform((text) => new Uint8Array(Buffer.from(text, 'base64')));

/** Protobuf's JSON: bytes in base64, and what is empty is left out. */
const asked = z.object({
  payloads: z.array(z.looseObject({ metadata: z.record(z.string(), bytes).optional(), data: bytes.optional() })),
});

/** The request holds no payloads. */
export class PayloadsInvalid extends Error {}

/** Decrypts, and brings what is in the store; a payload from there that is not there stays a claim. */
export async function decodePayloads(body: string, { payloadCodecs = [], externalStorage }: DataConverter) {
  const found = await Promise.all(
    read(body).map((payload) => openedReference(payload, externalStorage).catch(() => payload)),
  );
  let opened = found;
  for (const codec of payloadCodecs.toReversed()) opened = await codec.decode(opened);
  return written(opened);
}

export async function encodePayloads(body: string, { payloadCodecs = [] }: DataConverter) {
  let sealed = read(body);
  for (const codec of payloadCodecs) sealed = await codec.encode(sealed);
  return written(sealed);
}

function read(body: string): Payload[] {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new PayloadsInvalid('Expected a JSON object with "payloads".');
  }
  const parsed = asked.safeParse(value);
  if (!parsed.success)
    throw new PayloadsInvalid('payloads: expected a list of objects with metadata and data in base64.');
  return parsed.data.payloads;
}

const written = (payloads: Payload[]) => ({
  payloads: payloads.map(({ metadata, data }) => ({
    metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, text(value)])),
    ...(data?.length ? { data: text(data) } : {}),
  })),
});

const text = (value: Uint8Array): string => Buffer.from(value).toString('base64');
