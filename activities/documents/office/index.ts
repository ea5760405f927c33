import { ToolError } from '../../tools/tool.ts';
import { type Archive, MOST_UNPACKED, megabytes } from '../archive/archive.ts';
import { parseXml } from '../parse-xml.ts';
import type { ReadableDocument } from '../readable-document.ts';
import { OfficeParts } from './parts.ts';

/** Reads one of the office formats that are ZIP files. Returns `undefined` for other ZIP files. */
export async function readOffice(
  archive: Archive,
  bytes: Uint8Array,
  name: string,
): Promise<ReadableDocument | undefined> {
  const parts = new OfficeParts(archive);
  if (archive.members.some((member) => /^word\/document\d*\.xml$/.test(member.name))) {
    return (await import('./word.ts')).readWord(parts);
  }
  if (parts.has('xl/workbook.xml') || parts.has('xl/workbook.bin')) {
    assertUnpacks(archive, name);
    return (await import('./spreadsheet.ts')).readSpreadsheet(bytes, name);
  }
  if (parts.has('ppt/presentation.xml')) return (await import('./slides.ts')).readSlides(parts);
  if (!parts.has('mimetype')) return undefined;
  const type = (await parts.text('mimetype'))?.trim() ?? '';
  if (type === 'application/epub+zip') return (await import('./book.ts')).readBook(parts);
  const [, format] = /^application\/vnd\.oasis\.opendocument\.(text|spreadsheet|presentation)/.exec(type) ?? [];
  if (format === 'spreadsheet') {
    assertUnpacks(archive, name);
    const hidden = hiddenSheets((await parts.text('content.xml')) ?? '');
    return (await import('./spreadsheet.ts')).readSpreadsheet(bytes, name, hidden);
  }
  if (format === 'text') return (await import('./open-document.ts')).readOpenText(parts);
  if (format === 'presentation') return (await import('./open-document.ts')).readOpenSlides(parts);
  return undefined;
}

/** The library for sheets unpacks them itself. What a file claims may be a lie, which its process's limit is for. */
function assertUnpacks({ members }: Archive, name: string): void {
  const size = members.reduce((sum, member) => sum + member.size, 0);
  if (size > MOST_UNPACKED) throw new ToolError(`${name} unpacks to more than ${megabytes(MOST_UNPACKED)}.`);
}

/** Names of the sheets of an ODS file that are not displayed. */
function hiddenSheets(content: string): Set<string> {
  const named = (tag: string, name: string) => new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
  const styles = new Set<string | undefined>();
  for (const [style] of content.matchAll(
    /<style:style\s[^>]*style:family="table"[^>]*>\s*<style:table-properties[^>]*>/g,
  )) {
    if (named(style, 'table:display') === 'false') styles.add(named(style, 'style:name'));
  }
  if (styles.size === 0) return new Set();
  const tables = [...content.matchAll(/<table:table\s[^>]*>/g)].map(([tag]) => tag);
  const hidden = tables.filter((tag) => styles.has(named(tag, 'table:style-name')));
  return new Set(hidden.map((tag) => parseXml(`${tag}</table:table>`)?.getAttribute('table:name') ?? ''));
}
