import type { Fields } from './post-stream.ts';

/** Fields that are the transcript, the tools, or the same in every request. */
const LEFT_OUT = new Set([
  'model',
  'messages',
  'input',
  'prompt',
  'tools',
  'stream',
  'stream_options',
  'return_token_ids',
]);

/** Most characters of one value: a grammar need not stand in every reply of a history. */
const MOST_CHARS = 200;

/** What a request held beside its messages and tools, for the reply's record; nothing where there is nothing. */
export function recordOf(body: Fields): { request?: Record<string, unknown> } {
  const kept = Object.entries(body).filter(([name, value]) => !LEFT_OUT.has(name) && value !== undefined);
  if (kept.length === 0) return {};
  return { request: Object.fromEntries(kept.map(([name, value]) => [name, shortened(value)])) };
}

function shortened(value: unknown): unknown {
  const { length } = JSON.stringify(value);
  return length > MOST_CHARS ? `(${length} characters)` : value;
}
