import type { ModelSettings } from '../../../protocol/input.ts';
import { dataUri, type Media, type ModelMessage } from '../media.ts';
import { oncePerMessage } from './encode-body.ts';

/** The transcript as chat completions take it; the first question is a list of parts, as in the original. */
export const chatMessages = (messages: readonly ModelMessage[]): object[] =>
  messages.map((message, index) => (index === 1 && message.role === 'user' ? firstQuestion(message) : plain(message)));

const plain = oncePerMessage((message) => ({ role: message.role, content: chatContent(message) }));
const firstQuestion = oncePerMessage((message) => {
  const content = chatContent(message);
  return { role: message.role, content: typeof content === 'string' ? [{ type: 'text', text: content }] : content };
});

/** What a message says: its text, or parts where it shows something. */
export function chatContent(message: ModelMessage): string | object[] {
  if (message.role !== 'user' || !message.media) return message.content;
  return [...message.media.flatMap(mediaParts), { type: 'text', text: message.content }];
}

const mediaParts = (media: Media): object[] => [
  { type: 'text', text: media.label },
  media.kind === 'image'
    ? { type: 'image_url', image_url: { url: dataUri(media) } }
    : { type: 'video_url', video_url: { url: dataUri(media) } },
];

/** Sampling as OpenAI-compatible servers name it. What is not given keeps the server's default. */
export const samplingOf = (model: ModelSettings) => ({
  ...(model.temperature === undefined ? {} : { temperature: model.temperature }),
  ...(model.topP === undefined ? {} : { top_p: model.topP }),
  ...(model.repetitionPenalty === undefined ? {} : { repetition_penalty: model.repetitionPenalty }),
  ...(model.seed === undefined ? {} : { seed: model.seed }),
  ...(model.stop ? { stop: model.stop } : {}),
});

/** Most tokens of the reply that the request names, in whichever field. */
export function askedMaxTokens({ maxTokens, extraBody }: ModelSettings): number | undefined {
  const asked = extraBody?.max_completion_tokens ?? extraBody?.max_tokens ?? maxTokens;
  return typeof asked === 'number' ? asked : undefined;
}
