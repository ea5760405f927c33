import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from './listen.ts';

/** A request for a transcription, taken apart. */
export interface TranscriptionRequest {
  path: string;
  headers: IncomingHttpHeaders;
  fields: Record<string, string>;
  file: { name: string; type: string; bytes: Buffer };
}

export interface TranscriptionAnswer {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
  /** Breaks the connection off instead. */
  breaks?: true;
  /** Never answers. */
  hangs?: true;
}

export interface TranscriptionServer {
  url: string;
  requests: TranscriptionRequest[];
  /** Requests whose connection the client closed before there was an answer. */
  closed: number;
  close(): Promise<void>;
}

const ENDINGS = ['flac', 'm4a', 'mp3', 'mp4', 'mpeg', 'mpga', 'oga', 'ogg', 'wav', 'webm'];
const MOST_BYTES = 26_214_400;

/** A stand-in that behaves as OpenAI's documentation of `/v1/audio/transcriptions` says. */
export async function startTranscriptionServer(
  answer: (request: TranscriptionRequest, index: number) => TranscriptionAnswer | undefined = () => undefined,
): Promise<TranscriptionServer> {
  const requests: TranscriptionRequest[] = [];
  const state = { closed: 0 };
  const server = createServer(async (incoming, outgoing) => {
    outgoing.on('close', () => {
      if (!outgoing.writableFinished) state.closed++;
    });
    const request = await parsed(incoming);
    if (!request) return send(outgoing, refusal(400, 'Could not parse multipart form'));
    const index = requests.push(request) - 1;
    const given = answer(request, index) ?? refused(request) ?? heard(request, index);
    if (given.breaks) return void incoming.socket.destroy();
    if (!given.hangs) send(outgoing, given);
  });
  const { url, close } = await listen(server);
  return {
    url,
    requests,
    close,
    get closed() {
      return state.closed;
    },
  };
}

export const refusal = (
  status: number,
  message: string,
  headers: Record<string, string> = {},
): TranscriptionAnswer => ({
  status,
  headers,
  body: { error: { message, type: 'invalid_request_error', param: null, code: null } },
});

async function parsed(incoming: IncomingMessage): Promise<TranscriptionRequest | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(chunk);
    const type = incoming.headers['content-type'] ?? '';
    const form = await new Response(Buffer.concat(chunks), { headers: { 'content-type': type } }).formData();
    const file = form.get('file');
    if (!(file instanceof File)) return undefined;
    const texts = [...form].filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    return {
      path: incoming.url ?? '',
      headers: incoming.headers,
      fields: Object.fromEntries(texts),
      file: { name: file.name, type: file.type, bytes: Buffer.from(await file.arrayBuffer()) },
    };
  } catch {
    return undefined;
  }
}

function refused({ path, fields, file }: TranscriptionRequest): TranscriptionAnswer | undefined {
  if (path !== '/v1/audio/transcriptions') return refusal(404, `Invalid URL (POST ${path})`);
  if (!fields.model) return refusal(400, 'you must provide a model parameter');
  if (!['json', 'text', 'srt', 'verbose_json', 'vtt'].includes(fields.response_format ?? 'json'))
    return refusal(400, `response_format '${fields.response_format}' is not supported`);
  if (!ENDINGS.includes(file.name.split('.').at(-1)!))
    return refusal(400, `Invalid file format. Supported formats: ${JSON.stringify(ENDINGS)}`);
  if (file.bytes.length > MOST_BYTES) return refusal(413, 'Maximum content size limit (26214400) exceeded');
  return undefined;
}

function heard({ fields }: TranscriptionRequest, index: number): TranscriptionAnswer {
  const text = `Piece ${index + 1} said. 第二句。`;
  if (fields.response_format !== 'verbose_json') return { body: { text } };
  const segments = [
    { id: 0, start: 0, end: 1.5, text: ` Piece ${index + 1} said.` },
    { id: 1, start: 1.6, end: 2, text: '第二句。' },
    { id: 2, start: 65, end: 66, text: ' Much later.' },
  ];
  return { body: { task: 'transcribe', language: 'english', duration: 66, text: `${text} Much later.`, segments } };
}

function send(outgoing: ServerResponse, { status = 200, headers = {}, body }: TranscriptionAnswer): void {
  outgoing.writeHead(status, { 'content-type': 'application/json', ...headers });
  outgoing.end(typeof body === 'string' ? body : JSON.stringify(body));
}
