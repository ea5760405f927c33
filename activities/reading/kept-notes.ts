import { createHash } from 'node:crypto';
import type { Message } from '../../protocol/messages.ts';
import type { Cache } from '../cache/cache.ts';
import type { Fleet } from '../inference/fleet/index.ts';
import { type Notes, parseNotes } from './parse-notes.ts';

/**
 * What models noted on pieces of pages, among what is kept over sessions: the same prompt to the same models is asked
 * once. Another session with the same page and goal has them, and so has an attempt after a crash.
 */
export function keptNotes(cache: Cache, fleet: Fleet) {
  const readers = fleet.endpoints.filter(({ roles }) => roles.includes('pages'));
  const models = [...new Set((readers.length > 0 ? readers : fleet.endpoints).map(({ model }) => model))].sort();
  const named = (messages: readonly Message[]) => {
    const prompt = createHash('sha256').update(JSON.stringify(messages)).digest('hex');
    return `reading ${prompt} by ${models.join(', ')}`;
  };
  return {
    async get(messages: readonly Message[]): Promise<Notes | undefined> {
      const kept = await cache.get(named(messages));
      return typeof kept?.value === 'string' ? parseNotes(kept.value) : undefined;
    },
    put: (messages: readonly Message[], reply: string): Promise<void> => cache.put(named(messages), reply),
  };
}
