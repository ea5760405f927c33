import { createReadStream } from 'node:fs';
import { linesOf } from '../../protocol/lines.ts';

const CHUNK = 1 << 20;

export const fileLines = (path: string) => linesOf(createReadStream(path, { highWaterMark: CHUNK }));
