import { closestPaths } from '../../corpus/closest.ts';
import { ToolError } from '../../tools/tool.ts';
import { DEFAULT_MAX_BYTES, type DocumentHint, type ReadableDocument } from '../readable-document.ts';
import { type Archive, type ArchiveMember, megabytes } from './archive.ts';

/** Of members that are shown with the archive, and of the text of each in characters; one by one they are whole. */
const SHOWN_MEMBERS = 30;
const SHOWN_TEXT = 20_000;
const SHOWN_IN_ALL = 400_000;
const LISTED = 2000;
const SUGGESTED = 8;
const LONG_NAME = 200;

type Read = (bytes: Uint8Array, hint: DocumentHint) => Promise<ReadableDocument>;

/** One member of an archive where the hint names one, else the list of all with the beginnings of what is text. */
export async function readArchive(archive: Archive, hint: DocumentHint, read: Read): Promise<ReadableDocument> {
  const [wanted, ...deeper] = hint.members ?? [];
  if (wanted === undefined) return overview(archive, hint, read);
  const member = find(archive, wanted, hint.name ?? 'The archive');
  return readMember(archive, member, { ...hint, members: deeper }, read);
}

function find({ members }: Archive, wanted: string, archive: string): ArchiveMember {
  const plain = (path: string) => path.replaceAll('\\', '/').replace(/^(?:\.?\/)+/, '');
  const member = members.find((one) => one.name === wanted) ?? members.find((one) => plain(one.name) === plain(wanted));
  if (member?.type === 'file') return member;
  const asked = JSON.stringify(shown(wanted));
  if (member?.type === 'folder') throw new ToolError(`${asked} is a folder in ${archive}; name a file.`);
  if (member) throw new ToolError(`${asked} in ${archive} is a link, which is not followed.`);
  const isShort = ({ name, type }: ArchiveMember) => type === 'file' && name.length <= LONG_NAME;
  const files = members.filter(isShort).map((one) => one.name);
  const like = closestPaths(wanted, files, SUGGESTED);
  const named = (like.length > 0 ? like : files.slice(0, SUGGESTED)).map(shown).join(', ');
  const hint = named && ` ${like.length > 0 ? 'Like it' : 'Files in it'}: ${named}.`;
  throw new ToolError(`There is no ${asked} in ${archive}.${hint}`);
}

async function readMember(
  archive: Archive,
  { name, size }: ArchiveMember,
  { maxBytes = DEFAULT_MAX_BYTES, ...hint }: DocumentHint,
  read: Read,
): Promise<ReadableDocument> {
  if (size > maxBytes)
    throw new ToolError(
      `${shown(name)} has ${megabytes(size)} unpacked, more than the ${megabytes(maxBytes)} that can be read.`,
    );
  const bytes = await archive.read(name);
  if (!bytes) throw new ToolError(`${shown(name)} cannot be read.`);
  return read(bytes, {
    ...hint,
    maxBytes,
    name: shown(name),
    depth: (hint.depth ?? 0) + 1,
    contentType: undefined,
    url: undefined,
  });
}

async function overview(archive: Archive, hint: DocumentHint, read: Read): Promise<ReadableDocument> {
  const { members, kind, isCut } = archive;
  const files = members.filter(({ type }) => type !== 'folder');
  const size = files.reduce((sum, member) => sum + member.size, 0);
  const more = isCut ? 'more than ' : '';
  const head = `${more}${files.length.toLocaleString('en-US')} file${files.length === 1 ? '' : 's'}, ${inBytes(size)} unpacked:`;
  const lines = files.slice(0, LISTED).map(listed);
  if (files.length > LISTED || isCut) lines.push('- … (the others are not listed)');
  const parts = [`${kind} of ${head}`, lines.join('\n')];

  const readable = hint.isListed ? [] : files.filter(({ type, isLocked }) => type === 'file' && !isLocked);
  let length = 0;
  let count = 0;
  for (const member of readable) {
    hint.signal?.throwIfAborted();
    if (count >= SHOWN_MEMBERS || length >= SHOWN_IN_ALL) {
      parts.push(`[${readable.length - count} more files are not shown here; they can be read one by one.]`);
      break;
    }
    const text = await memberText(archive, member, { ...hint, isListed: true }, read);
    parts.push(`# ${shown(member.name)}\n\n${text}`);
    length += text.length;
    count++;
  }
  return { kind: 'archive', text: parts.join('\n\n') };
}

async function memberText(archive: Archive, member: ArchiveMember, hint: DocumentHint, read: Read): Promise<string> {
  try {
    const { text } = await readMember(archive, member, hint, read);
    if (text.length <= SHOWN_TEXT) return text.trim() || '(The file is empty.)';
    const beginning = text.slice(0, SHOWN_TEXT).replace(/[\ud800-\udbff]$/, '');
    return `${beginning}\n[The first ${SHOWN_TEXT.toLocaleString('en-US')} of ${text.length.toLocaleString('en-US')} characters.]`;
  } catch (error) {
    if (error instanceof ToolError) return error.message;
    throw error;
  }
}

function listed({ name, size, type, isLocked }: ArchiveMember): string {
  const notes = [
    type === 'link' ? 'a link, which is not followed' : inBytes(size),
    ...(isLocked ? ['locked with a password'] : []),
    ...(leadsOut(name) ? ['its name would lead out of a folder'] : []),
  ];
  return `- ${shown(name)} (${notes.join('; ')})`;
}

/** Nothing is unpacked to disk here, but the reader may do so. */
const leadsOut = (name: string): boolean =>
  /^(?:[/\\~]|[a-z]:)/i.test(name) || name.split(/[/\\]/).includes('..') || name.includes('\0');

/** Control characters in names are no part of a list. */
const shown = (name: string): string =>
  name.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]/g, '\ufffd').slice(0, 500);

function inBytes(size: number): string {
  if (size < 1024) return `${size} bytes`;
  return size < 1024 * 1024 ? `${(size / 1024).toFixed(1)} KB` : megabytes(size);
}
