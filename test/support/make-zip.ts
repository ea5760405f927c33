import { crc32, deflateRawSync } from 'node:zlib';

/** A member of a ZIP file, told truly unless it says otherwise. */
export interface Member {
  name: string | Buffer;
  content?: string | Uint8Array;
  /** What the directory says of its size unpacked. */
  claims?: number;
  isEncrypted?: boolean;
  isLink?: boolean;
  method?: number;
  /** Its content is that of the member before. */
  isShared?: boolean;
}

/** A ZIP file, byte by byte: other programs do not write what hostile ones do. */
export function makeZip(members: readonly Member[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  let before: Packed & { offset: number } = { offset: 0, packed: Buffer.alloc(0), size: 0, crc: 0 };
  for (const { name, content = '', claims, isEncrypted, isLink, method = 8, isShared } of members) {
    const fact = isShared ? before : { offset: at, ...packedOf(content, method) };
    const { packed } = fact;
    const raw = Buffer.from(name as string);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE((isEncrypted ? 1 : 0) | 0x800, 2);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(fact.crc, 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(claims ?? fact.size, 18);
    common.writeUInt16LE(raw.length, 22);
    if (!isShared) {
      const body = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, raw, packed]);
      bodies.push(body);
      at += body.length;
    }
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(isLink ? 0o120777 * 0x10000 : 0, 6);
    rest.writeUInt32LE(fact.offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x03', 'latin1'), common, rest, raw);
    before = fact;
  }
  const index = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(Math.min(members.length, 65_535), 8);
  end.writeUInt16LE(Math.min(members.length, 65_535), 10);
  end.writeUInt32LE(index.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...bodies, index, end]);
}

interface Packed {
  packed: Buffer;
  size: number;
  crc: number;
}

/** Bombs take seconds to pack. */
const packedBefore = new WeakMap<object, Packed>();

function packedOf(content: string | Uint8Array, method: number): Packed {
  const before = typeof content === 'object' && method === 8 ? packedBefore.get(content) : undefined;
  if (before) return before;
  const bytes = Buffer.from(content as Uint8Array);
  const result = { packed: method === 8 ? deflateRawSync(bytes) : bytes, size: bytes.length, crc: crc32(bytes) };
  if (typeof content === 'object' && method === 8) packedBefore.set(content, result);
  return result;
}
