import { imageSize } from 'image-size';
import { ToolError } from '../tools/tool.ts';
import type { ReadableDocument } from './readable-document.ts';

const NAMES: Record<string, string> = {
  jpg: 'JPEG',
  svg: 'SVG',
  webp: 'WebP',
  ico: 'icon',
  icns: 'icon',
  heif: 'HEIF',
};

/** What an image's first bytes say of it; what it shows is for those who can see. */
export function readImage(bytes: Uint8Array, name: string): ReadableDocument {
  let facts: ReturnType<typeof imageSize>;
  try {
    facts = imageSize(bytes);
  } catch {
    throw new ToolError(`${name} is an image that is damaged or in a form not known here.`);
  }
  const { width, height, type = '' } = facts;
  const format = NAMES[type] ?? type.toUpperCase();
  return { kind: 'image', text: `${format} image, ${width} × ${height} pixels.` };
}
