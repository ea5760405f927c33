import { chatReply } from './model-apis/chat-tools.ts';
import { type ApiAnswer, type ApiRequest, type ModelApi, startModelApi } from './model-apis/server.ts';

/** What a request showed, in its order: the words before it, and the bytes behind its data URI. */
export interface Shown {
  label: string;
  kind: 'image' | 'video';
  type: string;
  bytes: Buffer;
}

interface Part {
  type: string;
  text?: string;
  image_url?: { url: string };
  video_url?: { url: string };
}

interface ChatMessage {
  role: string;
  content: string | Part[];
}

/** A stand-in for a chat completions server with a vision model: refuses, as the real ones do, what is no such request. */
export function startVisionServer(
  answer: (request: ApiRequest, index: number) => ApiAnswer | undefined = () => undefined,
) {
  return startModelApi((request, index) => {
    const given = answer(request, index);
    if (given) return given;
    const problem = problemOf(request);
    if (problem) return { status: 400, body: JSON.stringify({ error: { message: problem, type: 'BadRequestError' } }) };
    const names = shownIn(request).map(({ label }) => label);
    return { body: chatReply({ text: `I see ${names.length}: ${names.join(' ')} Asked: ${questionIn(request)}` }) };
  });
}

function problemOf({ path, body }: ApiRequest): string | undefined {
  if (!path.endsWith('/v1/chat/completions')) return `no such path: ${path}`;
  if (typeof body.model !== 'string') return 'model is missing';
  const user = userMessage(body);
  if (!Array.isArray(user?.content)) return 'content must be a list of parts';
  const wrong = user.content.find((part) => {
    if (part.type === 'text') return typeof part.text !== 'string';
    const url = part.image_url?.url ?? part.video_url?.url ?? '';
    return (
      !['image_url', 'video_url'].includes(part.type) || !/^data:[a-z]+\/[a-z0-9]+;base64,[A-Za-z0-9+/]+=*$/.test(url)
    );
  });
  return wrong && `a part is not as documented: ${JSON.stringify(wrong).slice(0, 120)}`;
}

const userMessage = (body: Record<string, unknown>): ChatMessage | undefined =>
  (body.messages as ChatMessage[]).find(({ role }) => role === 'user');

const partsIn = ({ body }: ApiRequest): Part[] => {
  const content = userMessage(body)?.content;
  return Array.isArray(content) ? content : [];
};

export const questionIn = (request: ApiRequest): string => partsIn(request).at(-1)?.text ?? '';

export function shownIn(request: ApiRequest): Shown[] {
  const parts = partsIn(request);
  return parts.flatMap((part, index) => {
    const url = part.image_url?.url ?? part.video_url?.url;
    const [, type = '', base64 = ''] = /^data:([^;]+);base64,(.*)$/s.exec(url ?? '') ?? [];
    if (!type) return [];
    const kind = part.image_url ? ('image' as const) : ('video' as const);
    return [{ label: parts[index - 1]?.text ?? '', kind, type, bytes: Buffer.from(base64, 'base64') }];
  });
}

/** What the last request showed. */
export const lastShown = ({ requests }: ModelApi): Shown[] => shownIn(requests.at(-1)!);
