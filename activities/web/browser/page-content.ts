import { setTimeout as sleep } from 'node:timers/promises';
import type { CDPSession, Page, Request } from 'playwright-core';

/** What a page holds at a moment. */
export interface PageContent {
  /** Its address; scripts may have changed it. */
  url: string;
  /** Whether its own HTML is still coming. */
  loading: boolean;
  /** Characters of text that a reader may see. */
  textLength: number;
  /** The page as HTML without its scripts; absent if only measured, or longer than the limit. */
  html?: string;
}

/**
 * The program that looks at a page from inside, as text, since it runs in the page's process; beside the page's own
 * scripts, which can change nothing in it. Shadow trees and their slots are written out where a reader sees them, and
 * of the scripts only the data for search engines stays.
 *
 * @param maxLength of the HTML, in characters; 0 only measures
 */
const pageContentScript = (maxLength: number): string => `(() => {
  const maxLength = ${maxLength};
  const unseen = new Set(['script', 'style', 'noscript', 'template', 'iframe', 'object', 'svg', 'canvas']);
  const isKept = (element) =>
    !unseen.has(element.localName) || (element.localName === 'script' && element.type === 'application/ld+json');
  const parts = (element) => {
    if (element.shadowRoot) return element.shadowRoot.childNodes;
    const assigned = element.localName === 'slot' ? element.assignedNodes() : [];
    return assigned.length > 0 ? assigned : element.childNodes;
  };
  const from = document.documentElement;
  const page = { url: location.href, loading: document.readyState === 'loading', textLength: 0 };
  if (!from) return page;
  const copies = document.implementation.createHTMLDocument('');
  const root = copies.importNode(from, false);
  const work = [[from, root]];
  let length = 0;
  while (work.length > 0) {
    const [element, copy] = work.pop();
    for (const part of parts(element)) {
      if (part.nodeType === Node.TEXT_NODE) {
        length += part.data.length;
        if (element.localName !== 'script' && element.localName !== 'title') page.textLength += part.data.trim().length;
        if (maxLength > 0) copy.append(part.data);
      } else if (part.nodeType === Node.ELEMENT_NODE && isKept(part)) {
        const next = copies.importNode(part, false);
        if (maxLength > 0) {
          for (const { name, value } of next.attributes) length += name.length + value.length + 4;
          length += 2 * next.localName.length + 5;
          copy.append(next);
        }
        work.push([part, next]);
      }
      if (maxLength > 0 && length > maxLength) return page;
    }
  }
  if (maxLength > 0) page.html = '<!doctype html>' + root.outerHTML;
  return page;
})()`;

/** Between two pages there is nothing to look into. */
const TRIES = 20;
const AGAIN_AFTER_MS = 250;

/** Looks at what a page holds; the argument is the greatest length of its HTML, 0 for none. */
export function pageContent(session: CDPSession, signal: AbortSignal): (maxLength: number) => Promise<PageContent> {
  async function look(maxLength: number): Promise<PageContent> {
    const { frameTree } = await session.send('Page.getFrameTree');
    const { executionContextId: contextId } = await session.send('Page.createIsolatedWorld', {
      frameId: frameTree.frame.id,
    });
    const expression = pageContentScript(maxLength);
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
      contextId,
      expression,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return result.value as PageContent;
  }

  return async (maxLength) => {
    for (let tries = 1; ; tries++) {
      try {
        return await look(maxLength);
      } catch (error) {
        if (tries >= TRIES) throw error;
        await sleep(AGAIN_AFTER_MS, undefined, { signal });
      }
    }
  };
}

/** A request that takes longer than this waits for news, and is not what the page is made of. */
const LONG_REQUEST_MS = 5000;

/** Whether requests of a page are under way. */
export function watchRequests(page: Page): () => boolean {
  const startedAt = new Map<Request, number>();
  page.on('request', (request) => startedAt.set(request, performance.now()));
  page.on('requestfinished', (request) => startedAt.delete(request));
  page.on('requestfailed', (request) => startedAt.delete(request));
  return () => {
    const now = performance.now();
    return [...startedAt.values()].some((start) => now - start < LONG_REQUEST_MS);
  };
}
