import { createHash } from 'node:crypto';
import { sessionSlug } from '../client/slug.ts';
import type { ResearchInput } from '../protocol/input.ts';

/**
 * The same question with the same settings is the same session; that is how a command finds its own again.
 *
 * @param secret nothing of the question may be read from the id
 */
export function sessionIdOf(input: ResearchInput, secret = false): string {
  const fields = Object.entries(input).sort(([one], [other]) => (one < other ? -1 : 1));
  const digest = createHash('sha256').update(JSON.stringify(fields)).digest('hex').slice(0, 8);
  return `${secret ? 'session' : sessionSlug(input.question)}-${digest}`;
}
