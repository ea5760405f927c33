import { createHash } from 'node:crypto';
import { sessionSlug } from '../client/slug.ts';

/** The same question with the same settings is the same session; that is how a command finds its own again. */
export function sessionIdOf(question: string, settings: object): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([question, settings]))
    .digest('hex')
    .slice(0, 8);
  return `${sessionSlug(question)}-${digest}`;
}
