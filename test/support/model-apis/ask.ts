import type { ModelRequest, RawReply } from '../../../activities/inference/adapter.ts';
import { adapterOf } from '../../../activities/inference/adapters/index.ts';
import type { Endpoint, SystemFormat } from '../../../activities/inference/endpoint.ts';
import { Secret } from '../../../activities/secret.ts';
import type { Message } from '../../../protocol/messages.ts';
import { nativeSchema } from '../../../protocol/tool-schemas.ts';
import { type ApiAnswer, type ApiRequest, startModelApi } from './server.ts';

export const KEY = 'key-4711';

export const OPENING: Message[] = [
  { role: 'system', content: 'Be exact.' },
  { role: 'user', content: 'Which lamp?' },
];

export interface Asked {
  reply: RawReply;
  request: ApiRequest;
  generated: ModelRequest['generated'];
}

export interface AskOptions
  extends Partial<Pick<ModelRequest, 'messages' | 'model' | 'tools' | 'signal' | 'generated'>> {
  endpoint?: Partial<Endpoint>;
}

/** One call by a format's adapter to a server that gives these answers in turn. */
export async function ask(
  format: SystemFormat,
  answers: string | ApiAnswer | ApiAnswer[],
  options: AskOptions = {},
): Promise<Asked> {
  const given = typeof answers === 'string' ? [{ body: answers }] : Array.isArray(answers) ? answers : [answers];
  const api = await startModelApi((_, index) => given[Math.min(index, given.length - 1)]!);
  const { endpoint, generated = { text: '', reasoning: '' }, ...rest } = options;
  try {
    const reply = await adapterOf(format)({
      endpoint: {
        name: 'one',
        url: api.url,
        model: 'm',
        format,
        apiKey: new Secret(KEY),
        weight: 1,
        roles: ['research'],
        ...endpoint,
      },
      messages: OPENING,
      model: {},
      tools: [nativeSchema('search'), nativeSchema('bash')],
      sessionId: 's-1',
      requestId: 'run-5',
      signal: new AbortController().signal,
      ...rest,
      generated,
    });
    return { reply, request: api.requests.at(-1)!, generated };
  } finally {
    await api.close();
  }
}
