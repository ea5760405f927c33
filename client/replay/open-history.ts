import { type DataConverter, defaultPayloadConverter, type Payload } from '@temporalio/common';
import type { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { openedReference } from '../../converter/stored-payloads.ts';

type History = ReturnType<typeof historyFromJSON>;

const isPayload = (value: object): value is Payload => 'metadata' in value && 'data' in value;

/**
 * The history with its payloads as they were before they were encrypted or put into the store, and with the words of
 * encrypted failures. What is in no store here stays a claim.
 *
 * @throws PayloadUnreadable that names the key that is missing
 */
export async function openHistory(
  history: History,
  { payloadCodecs = [], externalStorage }: DataConverter,
): Promise<History> {
  const openPayload = async (payload: Payload): Promise<Payload> => {
    let opened = await openedReference(payload, externalStorage).catch(() => payload);
    for (const codec of payloadCodecs.toReversed()) [opened = payload] = await codec.decode([opened]);
    return opened;
  };
  const open = async (value: unknown): Promise<unknown> => {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
    if (isPayload(value)) return openPayload(value);
    for (const [name, one] of Object.entries(value)) {
      if (typeof one === 'object' && one !== null) Reflect.set(value, name, await open(one));
    }
    if ('encodedAttributes' in value && value.encodedAttributes) Object.assign(value, saidIn(value.encodedAttributes));
    return value;
  };
  return (await open(history)) as History;
}

function saidIn(payload: object): { message?: string } {
  const said = defaultPayloadConverter.fromPayload<{ message?: unknown } | null>(payload as Payload);
  return typeof said?.message === 'string' ? { message: said.message } : {};
}
