import { type Entry, fromBufferPromise, getFileNameLowLevel, type ZipFile } from 'yauzl';
import { ToolError } from '../../tools/tool.ts';
import { decodeText } from '../decode-text.ts';
import { type Archive, type ArchiveMember, MOST_MEMBERS, MOST_UNPACKED, megabytes } from './archive.ts';

const LINK = 0o120000;
const TYPE_BITS = 0o170000;
const UTF8_NAMES = 0x800;
const UNICODE_NAME_FIELD = 0x7075;

/** Opens a ZIP file by its directory. @throws ToolError where it is damaged */
export async function openZip(bytes: Uint8Array, name: string): Promise<Archive> {
  const damaged = () => new ToolError(`${name} is a damaged ZIP file and cannot be read.`);
  let zip: ZipFile;
  const entries = new Map<string, Entry>();
  const members: ArchiveMember[] = [];
  let isCut = false;
  try {
    // Names are decoded here: the library refuses the whole file for one name that is no path.
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    zip = await fromBufferPromise(buffer, { lazyEntries: true, decodeStrings: false });
    for await (const entry of zip.eachEntry()) {
      if (members.length >= MOST_MEMBERS) {
        isCut = true;
        break;
      }
      const member = memberOf(entry);
      members.push(member);
      if (!entries.has(member.name)) entries.set(member.name, entry);
    }
  } catch {
    throw damaged();
  }

  let unpacked = 0;
  return {
    kind: 'ZIP archive',
    members,
    isCut,
    async read(member) {
      const entry = entries.get(member);
      if (!entry) return undefined;
      const shown = `${member} in ${name}`;
      if (entry.isEncrypted()) throw new ToolError(`${shown} is locked with a password.`);
      unpacked += entry.uncompressedSize;
      if (unpacked > MOST_UNPACKED) throw new ToolError(`${name} unpacks to more than ${megabytes(MOST_UNPACKED)}.`);
      try {
        // What unpacks to more than its entry says is an error of the stream.
        const chunks: Buffer[] = await (await zip.openReadStreamPromise(entry)).toArray();
        return Buffer.concat(chunks);
      } catch {
        throw new ToolError(`${shown} is damaged or packed in a way that is not known here.`);
      }
    },
  };
}

function memberOf(entry: Entry): ArchiveMember {
  const name = nameOf(entry);
  const mode = (entry.externalFileAttributes >>> 16) & TYPE_BITS;
  return {
    name,
    size: entry.uncompressedSize,
    type: name.endsWith('/') ? 'folder' : mode === LINK ? 'link' : 'file',
    ...(entry.isEncrypted() && { isLocked: true }),
  };
}

/** Programs in China and Japan write names in their own character sets and do not say so. */
function nameOf(entry: Entry): string {
  const raw = entry.fileNameRaw;
  const isMarked =
    (entry.generalPurposeBitFlag & UTF8_NAMES) !== 0 || entry.extraFields.some(({ id }) => id === UNICODE_NAME_FIELD);
  const told = () => getFileNameLowLevel(entry.generalPurposeBitFlag, raw, entry.extraFields, false);
  return isMarked ? told() : (decodeText(raw) ?? told());
}
