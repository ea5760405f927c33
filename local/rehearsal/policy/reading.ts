import { READER_ROLE } from '../../../activities/reading/prompts.ts';
import type { ChatMessage } from '../template.ts';
import { readQuestion } from './question.ts';
import { choose, rank } from './rank.ts';

/** The reply to a prompt that asks for a page's reading: the passages that answer the goal. Undefined for other prompts. */
export function readingReply(messages: readonly ChatMessage[]): string | undefined {
  if (!messages[0]?.content.startsWith(READER_ROLE)) return undefined;
  const asked = messages.at(-1)?.content ?? '';
  const goal = readQuestion(/^Goal: (.*)$/m.exec(asked)?.[1] ?? '');
  const text = /<(page|passages)>\n([\s\S]*)\n<\/\1>/.exec(asked)?.[2] ?? '';
  const chosen = choose(rank(goal, [{ source: '', title: '', text, trust: 1 }])).map((passage) => passage.text);
  const isJoining = asked.includes('<passages>');
  const quotes = isJoining ? [] : chosen.map((quote) => `<quote>${quote}</quote>`);
  const summary = chosen.length > 0 ? `It says: ${chosen.join(' ')}` : 'Nothing in it is about the goal.';
  return `<think>\nI look for the goal's words.\n</think>\n\n${[...quotes, `<summary>${summary}</summary>`].join('\n')}`;
}
