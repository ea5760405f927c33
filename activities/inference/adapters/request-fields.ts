import type { ModelSettings } from '../../../protocol/input.ts';
import type { Message } from '../../../protocol/messages.ts';
import { oncePerMessage } from './encode-body.ts';

/** The transcript as chat completions take it; the first question is a list of parts, as in the original. */
export const chatMessages = (messages: readonly Message[]): object[] =>
  messages.map((message, index) => (index === 1 && message.role === 'user' ? firstQuestion(message) : plain(message)));

const plain = oncePerMessage(({ role, content }) => ({ role, content }));
const firstQuestion = oncePerMessage(({ role, content }) => ({ role, content: [{ type: 'text', text: content }] }));

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
