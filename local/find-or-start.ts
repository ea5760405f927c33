import { type DeepResearchClient, type ResearchSession, SessionNotFound } from '../client/index.ts';
import type { ResearchInput } from '../protocol/input.ts';
import { newestSession, noteNewest } from './newest-session.ts';
import { sessionIdOf } from './session-id.ts';

/** The session of a question with its settings: the newest there is, or one that is started now. */
export async function findOrStart(
  client: DeepResearchClient,
  input: ResearchInput,
  { stateDir, isNew }: { stateDir: string; isNew?: boolean },
): Promise<{ session: ResearchSession; ended: boolean }> {
  const base = sessionIdOf(input, client.encrypts);
  if (isNew) noteNewest(stateDir, base, `${base}-${Date.now().toString(36)}`);
  const id = newestSession(stateDir, base);
  try {
    const session = await client.attach(id);
    return { session, ended: (await session.snapshot()).outcome !== 'running' };
  } catch (error) {
    if (!(error instanceof SessionNotFound)) throw error;
    return { session: await client.start(input, { id }), ended: false };
  }
}
