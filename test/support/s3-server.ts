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

/** A server with S3's API for single objects. It checks signatures as Amazon documents them (Signature Version 4). */
export async function startS3Server(key: { id: string; secret: string; bucket: string }): Promise<S3Server> {
  const objects = new Map<string, Buffer>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = request.url ?? '';
    if (started.fail) return response.writeHead(started.fail).end();
    if (!isSigned(request, key)) return response.writeHead(403).end('<Code>SignatureDoesNotMatch</Code>');
    if (!path.startsWith(`/${key.bucket}/`)) return response.writeHead(404).end('<Code>NoSuchBucket</Code>');
    if (request.method === 'PUT') {
      objects.set(path, Buffer.concat(chunks));
      return response.end();
    }
    const found = objects.get(path);
    return found ? response.end(found) : response.writeHead(404).end('<Code>NoSuchKey</Code>');
  });
  const started: S3Server = { objects, ...(await listen(server)) };
  return started;
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
  const canonical = [method, url, '', lines.join(''), names, headers['x-amz-content-sha256']].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], [date, region, service, end].join('/'), digest].join('\n');
  const signing = [region, service, end].reduce(hmac, hmac(`AWS4${secret}`, date));
  return hmac(signing, text).toString('hex') === signature;
}
