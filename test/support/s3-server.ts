import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { listen } from './listen.ts';

export interface S3Server {
  url: string;
  /** By path: `/bucket/prefix/name`. */
  objects: Map<string, Buffer>;
  /** Answers everything with this status. */
  fail?: number;
  close(): Promise<void>;
}

/** A server with S3's API for objects. It checks signatures as Amazon documents them (Signature Version 4). */
export async function startS3Server(key: { id: string; secret: string; bucket: string }): Promise<S3Server> {
  const objects = new Map<string, Buffer>();
  const uploads = new Map<string, Map<number, Buffer>>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { pathname: path, searchParams: query } = new URL(request.url ?? '', 'http://localhost');
    if (started.fail) return response.writeHead(started.fail).end();
    if (!isSigned(request, key)) return response.writeHead(403).end('<Code>SignatureDoesNotMatch</Code>');
    if (!`${path}/`.startsWith(`/${key.bucket}/`)) return response.writeHead(404).end('<Code>NoSuchBucket</Code>');
    if (query.get('list-type') === '2') return response.end(listOf(objects, key.bucket, query));
    const upload = query.get('uploadId') ?? '';
    switch (request.method) {
      case 'POST': {
        if (query.has('uploads')) {
          const id = `upload-${uploads.size}&more`;
          uploads.set(id, new Map());
          return response.end(`<UploadId>${id.replace('&', '&amp;')}</UploadId>`);
        }
        const parts = [...(uploads.get(upload) ?? [])].sort(([one], [other]) => one - other);
        objects.set(path, Buffer.concat(parts.map(([, part]) => part)));
        return response.end(uploads.delete(upload) ? '<CompleteMultipartUploadResult/>' : '<Error></Error>');
      }
      case 'PUT':
        if (upload) uploads.get(upload)?.set(Number(query.get('partNumber')), body);
        else objects.set(path, body);
        return response.setHeader('etag', `"${body.length}"`).end();
      case 'DELETE':
        if (upload) uploads.delete(upload);
        else objects.delete(path);
        return response.writeHead(204).end();
    }
    const found = objects.get(path);
    if (!found) return response.writeHead(404).end('<Code>NoSuchKey</Code>');
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    if (from !== undefined && Number(from) >= found.length) return response.writeHead(416).end();
    const part = from === undefined ? found : found.subarray(Number(from), Number(to) + 1);
    response.writeHead(from === undefined ? 200 : 206, { 'content-length': part.length });
    return response.end(request.method === 'HEAD' ? undefined : part);
  });
  const started: S3Server = { objects, ...(await listen(server)) };
  return started;
}

/** As few as two names a page, so that pages are asked for. */
const PAGE = 2;

function listOf(objects: Map<string, Buffer>, bucket: string, query: URLSearchParams): string {
  const names = [...objects.keys()].map((path) => decodeURIComponent(path.slice(bucket.length + 2)));
  const after = query.get('continuation-token') ?? '';
  const found = names.filter((name) => name.startsWith(query.get('prefix') ?? '') && name > after).sort();
  const page = found.slice(0, PAGE);
  const entry = (name: string) =>
    `<Contents><Key>${name}</Key><Size>${objects.get(`/${bucket}/${encodeURI(name)}`)?.length}</Size></Contents>`;
  const next = found.length > PAGE ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
  return `<ListBucketResult>${page.map(entry).join('')}${next}</ListBucketResult>`;
}

const hmac = (secret: string | Buffer, text: string) => createHmac('sha256', secret).update(text).digest();

function isSigned({ method, url, headers }: IncomingMessage, { id, secret }: { id: string; secret: string }): boolean {
  const [, credential = '', names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  const [given, date = '', region = '', service = '', end = ''] = credential.split('/');
  if (given !== id || !names.split(';').includes('host')) return false;
  const lines = names.split(';').map((name) => `${name}:${headers[name]}\n`);
  const [path, query = ''] = (url ?? '').split('?');
  const sorted = query.split('&').sort().join('&');
  const canonical = [method, path, sorted, lines.join(''), names, headers['x-amz-content-sha256']].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], [date, region, service, end].join('/'), digest].join('\n');
  const signing = [region, service, end].reduce(hmac, hmac(`AWS4${secret}`, date));
  return hmac(signing, text).toString('hex') === signature;
}
