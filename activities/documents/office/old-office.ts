import { CFB } from '@e965/xlsx';
import WordExtractor from 'word-extractor';
import { ToolError } from '../../tools/tool.ts';
import { cellText, markdownTable } from '../markdown-table.ts';
import type { ReadableDocument } from '../readable-document.ts';
import { plainTextTitle } from '../titles.ts';
import { readSpreadsheet } from './spreadsheet.ts';

/** In the first block of a Word file: this bit says that the rest is encrypted. */
const FLAGS_AT = 10;
const ENCRYPTED = 0x100;

/** Reads DOC and XLS, which share a container with all that Microsoft's programs wrote before 2007. */
export async function readOldOffice(bytes: Uint8Array, name: string): Promise<ReadableDocument> {
  const container = CFB.read(Buffer.from(bytes), { type: 'buffer' });
  const find = (path: string): Uint8Array | undefined => CFB.find(container, path)?.content;
  const locked = () => new ToolError(`${name} is locked with a password.`);
  if (find('/EncryptedPackage')) throw locked();
  const word = find('/WordDocument');
  if (word) {
    const flags = (word[FLAGS_AT] ?? 0) | ((word[FLAGS_AT + 1] ?? 0) << 8);
    if (flags & ENCRYPTED) throw locked();
    return readOldWord(bytes);
  }
  if (find('/Workbook') ?? find('/Book')) return readSpreadsheet(bytes, name);
  const what = find('/PowerPoint Document') ? 'a PowerPoint presentation (PPT)' : 'a file';
  throw new ToolError(`${name} is ${what} in a Microsoft format from before 2007 that cannot be read here.`);
}

async function readOldWord(bytes: Uint8Array): Promise<ReadableDocument> {
  const document = await new WordExtractor().extract(Buffer.from(bytes));
  const boxes = document.getTextboxes({ includeHeadersAndFooters: false }).trim();
  const notes = `${document.getFootnotes()}\n${document.getEndnotes()}`
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const parts = [
    withTables(document.getBody()),
    boxes,
    notes.length > 0 ? `Notes:\n${notes.map((note) => `- ${note}`).join('\n')}` : '',
  ];
  const text = parts.filter(Boolean).join('\n\n');
  const title = plainTextTitle(text);
  return { kind: 'document', ...(title && { title }), text };
}

/** The rows of a table come as lines with a tab after each cell. */
function withTables(body: string): string {
  const blocks: string[] = [];
  let rows: string[][] = [];
  const endTable = () => {
    if (rows.length > 0) blocks.push(markdownTable(rows));
    rows = [];
  };
  for (const line of body.split('\n')) {
    if (/\t.*\t$/.test(line)) {
      rows.push(line.slice(0, -1).split('\t').map(cellText));
      continue;
    }
    endTable();
    if (line.trim()) blocks.push(line.trim());
  }
  endTable();
  return blocks.join('\n\n');
}
