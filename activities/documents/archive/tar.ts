import { ToolError } from '../../tools/tool.ts';
import { type Archive, type ArchiveMember, MOST_MEMBERS } from './archive.ts';

const BLOCK = 512;

/** Whether the bytes are a tar file: all programs since 1988 write its name at this place. */
export const isTar = (bytes: Uint8Array): boolean => latin1(bytes, 257, 5) === 'ustar';

const TYPES: Record<string, ArchiveMember['type']> = { '0': 'file', '\0': 'file', '7': 'file', '5': 'folder' };

/** Opens a tar file: the POSIX forms with their extended headers, and GNU's long names. */
export function openTar(bytes: Uint8Array, name: string): Archive {
  const files = new Map<string, Uint8Array>();
  const members: ArchiveMember[] = [];
  let isCut = false;
  let longName: string | undefined;
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0; ) {
    const size = sizeAt(bytes, at + 124);
    const content = bytes.subarray(at + BLOCK, at + BLOCK + size);
    if (!(size >= 0) || content.length < size) {
      throw new ToolError(`${name} is a damaged or incomplete tar archive and cannot be read.`);
    }
    const kind = latin1(bytes, at + 156, 1);
    if (kind === 'L') {
      longName = text(content);
    } else if (kind === 'x') {
      longName = pathOf(content) ?? longName;
    } else if (kind !== 'g' && kind !== 'K') {
      if (members.length >= MOST_MEMBERS) {
        isCut = true;
        break;
      }
      const prefix = latin1(bytes, at + 257, 6) === 'ustar\0' ? text(bytes.subarray(at + 345, at + 500)) : '';
      const short = text(bytes.subarray(at, at + 100));
      const member = longName ?? (prefix ? `${prefix}/${short}` : short);
      longName = undefined;
      const type = TYPES[kind] ?? 'link';
      if (type === 'file') files.set(member, content);
      members.push({ name: member, size: type === 'file' ? size : 0, type });
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return { kind: 'tar archive', members, isCut, read: async (member) => files.get(member) };
}

const latin1 = (bytes: Uint8Array, at: number, length: number): string =>
  Buffer.from(bytes.subarray(at, at + length)).toString('latin1');

/** Up to the first zero byte. */
function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Octal digits, or for sizes beyond them a number in base 256, marked by its first bit. */
function sizeAt(bytes: Uint8Array, at: number): number {
  if (!(bytes[at]! & 0x80)) return Number.parseInt(latin1(bytes, at, 12).replace(/\0.*$/s, '').trim() || '0', 8);
  return bytes.subarray(at + 1, at + 12).reduce((sum, byte) => sum * 256 + byte, 0);
}

/** The path in an extended header: records of `length key=value`, each with a line end. */
function pathOf(content: Uint8Array): string | undefined {
  for (let at = 0; at < content.length; ) {
    const [head, length] = /^(\d+) /.exec(latin1(content, at, 20)) ?? [];
    if (!head || !(Number(length) > head.length)) return undefined;
    const record = new TextDecoder().decode(content.subarray(at + head.length, at + Number(length) - 1));
    if (record.startsWith('path=')) return record.slice('path='.length);
    at += Number(length);
  }
  return undefined;
}
