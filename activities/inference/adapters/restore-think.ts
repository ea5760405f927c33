import type { Generated } from '../adapter.ts';

/** Some servers keep the thought apart, others strip its opening tag: the transcript has it whole. */
export function restoreThink({ text, reasoning }: Generated): string {
  if (reasoning) return `<think>\n${reasoning}\n</think>\n\n${text}`;
  const opens = text.indexOf('<think>');
  const closes = text.indexOf('</think>');
  return closes >= 0 && (opens < 0 || opens > closes) ? `<think>\n${text}` : text;
}
