/** Formats of images, by the bytes that they begin with (Latin-1). */
const IMAGES: [format: ImageFormat, start: RegExp][] = [
  ['jpeg', /^\xff\xd8\xff/],
  ['png', /^\x89PNG\r\n\x1a\n/],
  ['gif', /^GIF8[79]a/],
  ['webp', /^RIFF.{4}WEBP/s],
  ['avif', /^.{4}ftyp(avi[fs]|(mif1|msf1).{4,40}avi[fs])/s],
  ['heic', /^.{4}ftyp(hei[cmxs]|hev[cmx]|mif1|msf1)/s],
  ['tiff', /^(II\*\0|MM\0\*)/],
  ['bmp', /^BM.{4}\0\0\0\0/s],
  ['jp2', /^(\0\0\0\x0cjP {2}\r\n\x87\n|\xff\x4f\xff\x51)/],
  ['jxl', /^(\0\0\0\x0cJXL \r\n\x87\n|\xff\x0a)/],
  ['svg', /^(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*|<!DOCTYPE svg[\s\S]*?>\s*)*<svg[\s>]/i],
];

export type ImageFormat = 'jpeg' | 'png' | 'gif' | 'webp' | 'avif' | 'heic' | 'tiff' | 'bmp' | 'jp2' | 'jxl' | 'svg';

/** What people send that is no image, and where it belongs. */
const OTHERS: [start: RegExp, what: string][] = [
  [/^%PDF-/, 'a PDF document; use parse_file'],
  [/^PK\x03\x04/, 'a ZIP archive or an office document; use parse_file'],
  [/^.{4}ftyp|^\x1a\x45\xdf\xa3|^RIFF.{4}AVI /s, 'a video; use ask_question_about_video'],
  [/^\s*(<!doctype html|<html[\s>])/i, 'an HTML page; the address of the image itself is needed'],
];

/** Enough for the comments that drawing programs put before an SVG. */
const startOf = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(0, 4096)).toString('latin1');

export function imageFormat(bytes: Uint8Array): ImageFormat | undefined {
  const start = startOf(bytes);
  return IMAGES.find(([, signature]) => signature.test(start))?.[0];
}

/** What a file is that is no image, as the end of a sentence. */
export function otherFormat(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'an empty file';
  const start = startOf(bytes);
  return OTHERS.find(([signature]) => signature.test(start))?.[1] ?? 'not in a format of images that is known here';
}
