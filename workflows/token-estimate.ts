import { countMessages, messagesOf } from '../protocol/messages.ts';
import type { Usage } from '../protocol/reply.ts';
import { currentSegment, type SessionData } from './session-state.ts';

/** Tokens a message costs beyond its text, in the Qwen family's template. */
const MESSAGE_TOKENS = 5;

/** Estimated tokens of the current transcript: the last usage plus what came after it. */
export function estimateTokens(data: SessionData): number {
  const { counted, messages, charsPerToken } = data.tokens;
  const { text, count } = addedSince(data, messages);
  return counted + Math.ceil(weigh(text) / charsPerToken) + count * MESSAGE_TOKENS;
}

/** Learns from a reply's usage how many characters make a token in this session. */
export function calibrate(data: SessionData, usage: Usage, messagesSent: number): void {
  if (usage.prompt === 0) return;
  const before = data.tokens;
  const { text } = addedSince(data, before.messages, messagesSent);
  const grown = usage.prompt - before.counted;
  const weight = weigh(text);
  // A short stretch says little; a long one is averaged in, so that one page of digits does not swing the estimate.
  const learned = grown > 200 && weight > 400 ? weight / grown : before.charsPerToken;
  const charsPerToken = Math.min(6, Math.max(1.5, (before.charsPerToken + learned) / 2));
  data.tokens = { counted: usage.prompt + usage.completion, messages: messagesSent + 1, charsPerToken };
}

function addedSince(data: SessionData, since: number, upTo?: number): { text: string; count: number } {
  const segment = currentSegment(data);
  const messages = messagesOf(segment, data.prepared.protocol, since, upTo ?? countMessages(segment));
  const parts = messages.map((message) =>
    message.role === 'user' && message.results
      ? [...message.results.map((result) => result.text), ...(message.notes ?? [])].join('\n')
      : message.content,
  );
  return { text: parts.join('\n'), count: messages.length };
}

/** Characters, where one of Chinese, Japanese or Korean counts as much as the 2.3 of other scripts it costs in tokens. */
function weigh(text: string): number {
  let wide = 0;
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) >= 0x2e80) wide += 1;
  return text.length + wide * 1.3;
}
