import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prose } from '../history/prose.ts';

/** In the folder that sessions search. */
export const DOCUMENTS = 200;

export function writeDocuments(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (let number = 0; number < DOCUMENTS; number += 1) {
    writeFileSync(join(folder, `record-${number}.md`), `# Record ${number}\n\n${prose(number * 31, 4_000)}\n`);
  }
}
