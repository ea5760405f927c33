import { ExternalStorage, type Payload, type StorageDriver, StorageDriverClaim } from '@temporalio/common';
import { blobsIn } from '../store/blobs.ts';
import { type Place, placeInWords, storeAt } from '../store/place.ts';

/** Where payloads go that are too large for a history. */
export interface PayloadStore {
  place: Place;
  /**
   * Whether everyone who reads the histories has the place as well: workers on other machines, clients. Without that
   * only what Temporal would refuse is put there.
   */
  shared: boolean;
  /** Folder for large files on their way in. */
  scratch: string;
  /** Takes what is there, and puts nothing: for a client that cannot know whether its workers have the place. */
  readOnly?: true;
}

/** In a shared place: Temporal's own choice, above which a history gets heavy. */
const LARGE_BYTES = 256 * 1024;

/** Elsewhere: just below the 2 MiB at which Temporal refuses a payload. */
const REFUSED_BYTES = 1_900_000;

/** Payloads by the hash of their bytes in the place where sessions keep their files; the history holds a claim each. */
export const storedPayloads = ({ place, shared, scratch, readOnly }: PayloadStore): ExternalStorage =>
  new ExternalStorage({
    drivers: [payloadDriver({ place, scratch })],
    payloadSizeThreshold: shared ? LARGE_BYTES : REFUSED_BYTES,
    ...(readOnly ? { driverSelector: () => null } : {}),
  });

/** @throws Error from `retrieve` that says which payload is missing, and where it was looked for */
export function payloadDriver({ place, scratch }: Pick<PayloadStore, 'place' | 'scratch'>): StorageDriver {
  const blobs = blobsIn(storeAt(place), scratch, 'payloads');
  return {
    name: 'deep-research',
    type: 'deep-research.content-addressed',

    store: (_, payloads) =>
      Promise.all(
        payloads.map(async (payload) => {
          const { sha256, bytes } = await blobs.put(packed(payload));
          return new StorageDriverClaim({ sha256, bytes: String(bytes) });
        }),
      ),

    retrieve: (_, claims) =>
      Promise.all(
        claims.map(async ({ claimData: { sha256 = '', bytes = '?' } }) => {
          const stored = await blobs.get(sha256);
          if (stored) return unpacked(stored);
          throw new Error(
            `A payload of ${bytes} bytes (${sha256}) is not in ${placeInWords(place)}: it was removed, or the worker that wrote it keeps its files elsewhere (DEEP_RESEARCH_STORE_DIR).`,
          );
        }),
      ),
  };
}

/** Names of Temporal's: what stands in a history instead of a stored payload. */
const REFERENCE = 'temporal.api.sdk.v1.ExternalStorageReference';

/** The payload that a claim in a history stands for; any other payload as it is. @throws Error where it is not there */
export async function openedReference(payload: Payload, storage: ExternalStorage | undefined): Promise<Payload> {
  if (textOf(payload.metadata?.messageType) !== REFERENCE) return payload;
  const { driverName = '', claimData = {} } = JSON.parse(textOf(payload.data)) as {
    driverName?: string;
    claimData?: Record<string, string>;
  };
  const [stored] = (await storage?.getDriver(driverName)?.retrieve({}, [new StorageDriverClaim(claimData)])) ?? [];
  return stored ?? payload;
}

const textOf = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('utf8');

/** A line of JSON with the metadata, then the data as it is. */
function packed({ metadata, data }: Payload): Uint8Array {
  const head = Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
  );
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), data ?? new Uint8Array()]);
}

function unpacked(stored: Uint8Array): Payload {
  const end = stored.indexOf(0x0a);
  const head = JSON.parse(Buffer.from(stored.subarray(0, end)).toString('utf8')) as Record<string, string>;
  const metadata = Object.entries(head).map(([name, value]) => [name, new Uint8Array(Buffer.from(value, 'base64'))]);
  return { metadata: Object.fromEntries(metadata), data: new Uint8Array(stored.subarray(end + 1)) };
}
