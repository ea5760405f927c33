import { readFile } from 'node:fs/promises';
import { read as parseSheet, utils } from '@e965/xlsx';
import { extractText, getDocumentProxy } from 'unpdf';
import { containedReader } from '../../activities/documents/contained-reader.ts';
import { readDocument } from '../../activities/documents/read-document.ts';

/** What a process of its own found out, so that one reader's memory is not counted as the other's. */
export interface ReadFigures {
  seconds: number;
  /** Of this process, at its highest. */
  peakMb: number;
  characters: number;
}

export const READERS = ['bare', 'ours', 'contained'] as const;
export type Reader = (typeof READERS)[number];

async function bare(bytes: Uint8Array, name: string): Promise<string> {
  if (name.endsWith('.pdf')) {
    const { text } = await extractText(await getDocumentProxy(new Uint8Array(bytes)), { mergePages: true });
    return text;
  }
  const book = parseSheet(bytes, { type: 'array', dense: true });
  return book.SheetNames.map((sheet) => utils.sheet_to_csv(book.Sheets[sheet]!)).join('\n');
}

async function measure(reader: Reader, path: string): Promise<ReadFigures> {
  const bytes = await readFile(path);
  const contained = containedReader();
  const startedAt = performance.now();
  const hint = { name: path };
  const text =
    reader === 'bare'
      ? await bare(bytes, path)
      : (await (reader === 'ours' ? readDocument(bytes, hint) : contained.read(bytes, hint))).text;
  const seconds = (performance.now() - startedAt) / 1000;
  contained.close();
  return { seconds, peakMb: process.resourceUsage().maxRSS / 1024, characters: text.length };
}

const [reader, path] = process.argv.slice(2);
if (process.send) process.send(await measure(reader as Reader, path!));
