import type { Adapter } from '../adapter.ts';
import type { SystemFormat } from '../endpoint.ts';
import { chatCompletions } from './chat-completions.ts';

/** The adapter that speaks a format's API. */
export function adapterOf(format: SystemFormat): Adapter {
  if (format === 'deep_research') return chatCompletions;
  throw new Error(`format: there is no adapter for "${format}"`);
}
