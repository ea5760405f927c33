import { describe, expect, it } from 'vitest';
import { type ContentKind, contentType } from '../../activities/web/content-kind.ts';
import { safeFetch } from '../../activities/web/safe-fetch.ts';
import { httpServer, PUBLIC, recordingNetwork } from './safe-fetch-network.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const zip = (name: string, rest = '') => bytes(`PK\x03\x04\x14\0\0\0\x08\0${'\0'.repeat(16)}${name}${rest}`);
const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';

const table: [string, Buffer, header: string | undefined, ContentKind, mediaType: string][] = [
  ['HTML as declared', bytes('<p>hello'), 'text/html; charset=utf-8', 'html', 'text/html'],
  ['HTML without a header', bytes('\n<!-- a --><!DOCTYPE html><p>'), undefined, 'html', 'text/html'],
  ['HTML declared as text', bytes('<html><body>'), 'text/plain', 'html', 'text/html'],
  ['HTML declared as bytes', bytes('<html><body>'), 'application/octet-stream', 'html', 'text/html'],
  ['HTML declared as PDF', bytes('<html><body>'), 'application/pdf', 'html', 'text/html'],
  ['XHTML declared as XML', bytes('<?xml version="1.0"?><html>'), 'text/xml', 'html', 'text/html'],
  ['HTML that begins with many comments', bytes(`${'<!--a-->'.repeat(200)}<html>`), undefined, 'html', 'text/html'],
  ['HTML that mentions PDF', bytes('<p>%PDF-1.7 begins a file'), 'text/html', 'html', 'text/html'],
  ['text', bytes('Dear reader, a < b'), 'text/plain', 'text', 'text/plain'],
  ['text without a header', bytes('Dear reader'), undefined, 'text', 'text/plain'],
  ['Markdown', bytes('# Title'), 'text/markdown', 'text', 'text/markdown'],
  ['CSV', bytes('a,b\n1,2'), 'text/csv', 'text', 'text/csv'],
  ['JSON', bytes('{"a":1}'), 'application/ld+json', 'json', 'application/ld+json'],
  ['a feed', bytes('<?xml version="1.0"?><rss>'), 'application/rss+xml', 'xml', 'application/rss+xml'],
  ['XML without a header', bytes('<?xml version="1.0"?><rss>'), undefined, 'xml', 'application/xml'],
  ['PDF declared as HTML', bytes('%PDF-1.7\n\0\x01'), 'text/html', 'pdf', 'application/pdf'],
  ['PDF after some junk', bytes('\n\njunk%PDF-1.4'), 'application/octet-stream', 'pdf', 'application/pdf'],
  ['a picture declared as HTML', bytes('\x89PNG\r\n\x1a\n\0\0'), 'text/html', 'image', 'image/png'],
  ['JPEG', bytes('\xff\xd8\xff\xe0\0'), undefined, 'image', 'image/jpeg'],
  ['WebP', bytes('RIFF\x10\0\0\0WEBPVP8 '), undefined, 'image', 'image/webp'],
  ['SVG', bytes('<svg xmlns="x">'), 'image/svg+xml', 'xml', 'image/svg+xml'],
  ['Word', zip('[Content_Types].xml', 'word/document.xml'), 'application/octet-stream', 'office', DOCX],
  [
    'OpenDocument',
    zip('mimetype', 'application/vnd.oasis.opendocument.text'),
    undefined,
    'office',
    'application/vnd.oasis.opendocument.text',
  ],
  [
    'old Excel',
    bytes('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'),
    'application/vnd.ms-excel',
    'office',
    'application/vnd.ms-excel',
  ],
  ['a zip file declared as Word', zip('data.bin'), DOCX, 'archive', 'application/zip'],
  ['gzip', bytes('\x1f\x8b\x08\0'), 'text/plain', 'archive', 'application/gzip'],
  ['a video', bytes('\0\0\0\x18ftypmp42'), 'text/html', 'video', 'video/mp4'],
  ['a sound', bytes('ID3\x04\0'), undefined, 'audio', 'audio/mpeg'],
  ['an unknown format with a media header', bytes('\x01\x02\x03'), 'video/x-odd', 'video', 'video/x-odd'],
  ['a program declared as HTML', bytes('\x7fELF\x02\x01\x01\0'), 'text/html', 'binary', 'application/octet-stream'],
  ['nothing', bytes(''), undefined, 'text', 'text/plain'],
];

describe('contentType', () => {
  it.each(table)('%s', (_what, content, header, kind, mediaType) => {
    expect(contentType(content, header)).toEqual({ kind, mediaType });
  });
});

describe('kinds that were not asked for', () => {
  const signal = new AbortController().signal;

  it('are refused by their first bytes, whatever the header says', async () => {
    let closed: Promise<unknown> | undefined;
    const server = await httpServer((_request, response) => {
      closed = new Promise((resolve) => response.once('close', resolve));
      response.writeHead(200, { 'content-type': 'text/html' });
      response.write(Buffer.concat([bytes('\0\0\0\x18ftypmp42'), Buffer.alloc(4096)]));
    });
    const network = recordingNetwork({ 'site.example': [PUBLIC] }, server.port);
    await expect(safeFetch('http://site.example/', { network }, signal)).rejects.toThrow(
      'could not be opened: it is a video (video/mp4), which cannot be read here.',
    );
    await closed;
    await server.close();
  });

  it('an office document is not taken for the archive that it begins like', async () => {
    const body = Buffer.concat([
      zip('customXml/item1.xml'),
      Buffer.alloc(200_000, 1),
      bytes('PK\x01\x02word/document.xml'),
    ]);
    const server = await httpServer((_request, response) => response.end(body));
    const network = recordingNetwork({ 'site.example': [PUBLIC] }, server.port);
    const options = { network, accept: ['office'] as const };
    expect((await safeFetch('http://site.example/', options, signal)).kind).toBe('office');
    await server.close();
  });
});
