import type { CDPSession } from 'playwright-core';

/** Nothing of these has text, and most pages' bytes are theirs. */
const NOT_LOADED = new Set([
  'Image',
  'Media',
  'Font',
  'TextTrack',
  'Manifest',
  'Ping',
  'CSPViolationReport',
  'Prefetch',
]);

/** Redirects and reloads together; beyond that a page only keeps us busy. */
const MOST_DOCUMENTS = 10;

export interface NavigationGuard {
  /** Checks a document before it is asked for; throws to keep it from that. */
  admit(url: string): Promise<void>;
  /** Told of the first document that was refused. */
  onRefused(error: unknown): void;
  /** For the refusal after too many documents. */
  tooMany(): Error;
}

/**
 * Has each document that a page goes to checked, those of redirects and of its scripts too. Frames within the page get
 * no document, for the text is read of the page itself.
 */
export async function guardNavigation(session: CDPSession, guard: NavigationGuard): Promise<void> {
  const { frameTree } = await session.send('Page.getFrameTree');
  let documents = 0;

  async function isAdmitted(url: string, type: string, frame: string): Promise<boolean> {
    if (type !== 'Document') return !NOT_LOADED.has(type);
    if (frame !== frameTree.frame.id) return false;
    try {
      documents += 1;
      if (documents > MOST_DOCUMENTS) throw guard.tooMany();
      await guard.admit(url);
      return true;
    } catch (error) {
      guard.onRefused(error);
      return false;
    }
  }

  session.on('Fetch.requestPaused', async ({ requestId, request, resourceType, frameId }) => {
    const goesOn = await isAdmitted(request.url, resourceType, frameId);
    const decided = goesOn
      ? session.send('Fetch.continueRequest', { requestId })
      : session.send('Fetch.failRequest', { requestId, errorReason: 'BlockedByClient' });
    // The page may be closed by now.
    await decided.catch(() => {});
  });
  await session.send('Fetch.enable', { patterns: [{ urlPattern: '*' }] });
}
