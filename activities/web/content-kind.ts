/** What the bytes of a page are, as far as it decides how to read them. */
export type ContentKind =
  | 'html'
  | 'text'
  | 'json'
  | 'xml'
  | 'pdf'
  | 'office'
  | 'image'
  | 'archive'
  | 'audio'
  | 'video'
  | 'binary';

export interface ContentType {
  kind: ContentKind;
  /** By the bytes where they tell, else as the server said; lower case, without parameters. */
  mediaType: string;
}

type Signature = [mediaType: string, kind: ContentKind, offset: number, bytes: string];

/** Latin-1 spellings of the bytes that formats begin with. */
const SIGNATURES: Signature[] = [
  ['image/png', 'image', 0, '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', 'image', 0, '\xff\xd8\xff'],
  ['image/gif', 'image', 0, 'GIF8'],
  ['image/webp', 'image', 8, 'WEBP'],
  ['image/avif', 'image', 4, 'ftypavif'],
  ['image/heic', 'image', 4, 'ftyphei'],
  ['image/heic', 'image', 4, 'ftypmif1'],
  ['image/tiff', 'image', 0, 'II*\0'],
  ['image/tiff', 'image', 0, 'MM\0*'],
  ['image/x-icon', 'image', 0, '\0\0\x01\0'],
  ['audio/mp4', 'audio', 4, 'ftypM4A'],
  ['video/mp4', 'video', 4, 'ftyp'],
  ['video/webm', 'video', 0, '\x1a\x45\xdf\xa3'],
  ['video/x-msvideo', 'video', 8, 'AVI '],
  ['audio/wav', 'audio', 8, 'WAVE'],
  ['audio/mpeg', 'audio', 0, 'ID3'],
  ['audio/mpeg', 'audio', 0, '\xff\xfb'],
  ['audio/ogg', 'audio', 0, 'OggS'],
  ['audio/flac', 'audio', 0, 'fLaC'],
  ['application/zip', 'archive', 0, 'PK\x03\x04'],
  ['application/gzip', 'archive', 0, '\x1f\x8b\x08'],
  ['application/x-7z-compressed', 'archive', 0, '7z\xbc\xaf\x27\x1c'],
  ['application/vnd.rar', 'archive', 0, 'Rar!\x1a\x07'],
  ['application/x-ole-storage', 'office', 0, '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'],
  ['application/rtf', 'office', 0, '{\\rtf'],
];

/** The part that each office format, all of them zip files, is bound to have. */
const OFFICE_PARTS: [part: string, mediaType: string][] = [
  ['word/document.xml', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['xl/workbook.xml', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ['ppt/presentation.xml', 'application/vnd.openxmlformats-officedocument.presentationml.presentation'],
  ['application/vnd.oasis.opendocument.text', 'application/vnd.oasis.opendocument.text'],
  ['application/vnd.oasis.opendocument.spreadsheet', 'application/vnd.oasis.opendocument.spreadsheet'],
  ['application/vnd.oasis.opendocument.presentation', 'application/vnd.oasis.opendocument.presentation'],
  ['application/epub+zip', 'application/epub+zip'],
];

const OLE_TYPES = /^application\/(msword|vnd\.ms-(excel|powerpoint)|x-ole-storage)$/;
const HTML_START = /^\s*(<\?xml[^>]*>\s*)?<(!doctype html|html|head|body|title|meta|script|style|div|table|h1|p)\b/i;

/**
 * Tells the kind of content. Bytes that give a format away count for more than the `content-type` header, which is
 * often wrong; the header tells the kinds of text apart. `bytes` may be only the beginning: then a zip file
 * may still turn out to be an office document once all of it is there.
 */
export function contentType(bytes: Uint8Array, header = ''): ContentType {
  const declared = header.split(';')[0]!.trim().toLowerCase();
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 2048)).toString('latin1');
  const pdf = start.slice(0, 1024).indexOf('%PDF-');
  const isMarkup = declared === 'text/html' || declared === 'application/xhtml+xml';
  if (pdf === 0 || (pdf > 0 && !isMarkup)) return { kind: 'pdf', mediaType: 'application/pdf' };
  const found = SIGNATURES.find(([, , offset, magic]) => start.startsWith(magic, offset));
  if (found === undefined) return textType(start, declared, header);
  const [mediaType, kind] = found;
  if (mediaType === 'application/zip') return zipType(bytes);
  if (mediaType === 'application/x-ole-storage' && OLE_TYPES.test(declared)) return { kind, mediaType: declared };
  return { kind, mediaType };
}

/** Looks at the first entry and at the directory of names, which stands at the end. */
function zipType(bytes: Uint8Array): ContentType {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const edges = [all.subarray(0, 4096), all.subarray(-65_536)];
  const part = OFFICE_PARTS.find(([name]) => edges.some((edge) => edge.includes(name)));
  if (part !== undefined) return { kind: 'office', mediaType: part[1] };
  return { kind: 'archive', mediaType: 'application/zip' };
}

function textType(start: string, declared: string, header: string): ContentType {
  if (!isText(start, header)) {
    // Without a signature a media header is believed, since not every such format has one.
    const media = /^(image|audio|video)\//.exec(declared)?.[1] as ContentKind | undefined;
    return { kind: media ?? 'binary', mediaType: media ? declared : 'application/octet-stream' };
  }
  if (declared === 'text/html' || declared === 'application/xhtml+xml') return { kind: 'html', mediaType: declared };
  if (/[/+]json$/.test(declared)) return { kind: 'json', mediaType: declared };
  const markup = start.replace(/^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, '').replaceAll('\0', '');
  const looksHtml = HTML_START.test(markup.replace(/<!--.*?-->/gs, ''));
  if (/[/+]xml$/.test(declared))
    return looksHtml ? { kind: 'html', mediaType: 'text/html' } : { kind: 'xml', mediaType: declared };
  if (/^text\/(?!plain$)/.test(declared)) return { kind: 'text', mediaType: declared };
  if (looksHtml) return { kind: 'html', mediaType: 'text/html' };
  if (/^\s*<\?xml\b/.test(start)) return { kind: 'xml', mediaType: 'application/xml' };
  return { kind: 'text', mediaType: 'text/plain' };
}

/** Text has none of the control characters that binary formats are full of, unless it is UTF-16 or UTF-32. */
function isText(start: string, header: string): boolean {
  if (/^(\xff\xfe|\xfe\xff)/.test(start) || /charset\s*=\s*"?utf-?(16|32)/i.test(header)) return true;
  return !/[\x00-\x06\x0e-\x1a\x1c-\x1f]/.test(start);
}
