import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext } from 'playwright-core';
import type { AddressPolicy } from '../address.ts';
import { FetchError, type FetchErrorKind } from '../fetch-error.ts';
import type { Network } from '../network.ts';
import type { Permit } from '../safe-fetch.ts';
import { untilAborted } from '../until-aborted.ts';
import { checkUrl } from '../web-url.ts';
import type { Chromium } from './chromium.ts';
import { type GuardedProxy, guardedProxy } from './guarded-proxy.ts';
import type { BrowserLimits } from './limits.ts';
import { guardNavigation } from './navigation-guard.ts';
import { pageContent, watchRequests } from './page-content.ts';
import { BEFORE_SCRIPTS } from './switches.ts';
import { untilSettled } from './until-settled.ts';

/** A page as scripts made it. */
export interface RenderedPage {
  html: string;
  /** Its address in the end; http or https. */
  url: string;
}

export interface RenderOptions {
  network: Network;
  policy: AddressPolicy;
  userAgent: string;
  permit?: Permit;
  limits: BrowserLimits;
  /** Why a page's process may just have ended, as the end of a sentence. */
  crashReason(): string;
}

/** The browser ended while the page was in work, perhaps over another one. */
export class BrowserGone extends Error {
  override name = 'BrowserGone';
}

/** Wide as a screen, and long, so that what comes when it is scrolled to comes at once. */
const VIEWPORT = { width: 1280, height: 3000 };

/** A context that is not closed by then never will be. */
const CLOSE_LIMIT_MS = 5000;

/**
 * Opens a page in a context of its own, which knows nothing of others, and gives it back as HTML once its scripts have
 * come to rest. Throws `FetchError`, `BrowserGone`, and the reason of the signal.
 */
export async function renderPage(
  chromium: Chromium,
  url: string,
  options: RenderOptions,
  signal: AbortSignal,
): Promise<RenderedPage> {
  const { network, policy, limits } = options;
  const { connectMs, maxBytes, totalMs } = limits;
  const proxy = await guardedProxy({ network, policy, asked: url, connectMs, maxBytes });
  const fault = new AbortController();
  const late = setTimeout(
    () => fault.abort(new FetchError('timeout', url, `it took longer than ${totalMs / 1000} seconds in the browser`)),
    totalMs,
  );
  const ended = () => fault.abort(new BrowserGone('the browser ended'));
  chromium.gone.addEventListener('abort', ended, { once: true });
  if (chromium.gone.aborted) ended();
  const stop = AbortSignal.any([signal, fault.signal]);
  let context: BrowserContext | undefined;
  try {
    const opening = newContext(chromium, proxy, options);
    context = await untilAborted(opening, stop).catch((error) => {
      // It comes too late to be used, but must be closed all the same.
      opening.then((late) => closed(late, chromium)).catch(() => {});
      throw error;
    });
    const work = rendered({ context, proxy, url, options, fault, stop });
    // Where it is not waited for any longer, what it ends with is nobody's.
    work.catch(() => {});
    return await untilAborted(work, stop);
  } catch (error) {
    if (stop.aborted) throw stop.reason;
    if (error instanceof FetchError || error instanceof TypeError) throw error;
    // Where the browser breaks off, calls into it fail a moment before that is known.
    await sleep(200, undefined, { signal: stop }).catch(() => {});
    throw stop.aborted ? stop.reason : new FetchError('browser', url, 'the browser could not show it');
  } finally {
    clearTimeout(late);
    chromium.gone.removeEventListener('abort', ended);
    proxy.close();
    if (context) void closed(context, chromium);
  }
}

const newContext = (chromium: Chromium, proxy: GuardedProxy, { userAgent }: RenderOptions): Promise<BrowserContext> =>
  chromium.browser.newContext({
    // By its own word Chromium would go to loopback addresses without the proxy.
    proxy: { server: proxy.server, bypass: '<-loopback>', username: proxy.username, password: proxy.password },
    userAgent: `${chromium.userAgent} ${userAgent}`,
    viewport: VIEWPORT,
    acceptDownloads: false,
    permissions: [],
    serviceWorkers: 'block',
  });

interface Job {
  context: BrowserContext;
  proxy: GuardedProxy;
  url: string;
  options: RenderOptions;
  fault: AbortController;
  stop: AbortSignal;
}

async function rendered({ context, proxy, url, options, fault, stop }: Job): Promise<RenderedPage> {
  const { policy, permit, limits } = options;
  const fail = (kind: FetchErrorKind, reason: string) => new FetchError(kind, url, reason);
  await context.addInitScript(BEFORE_SCRIPTS);
  const page = await context.newPage();
  context.on('page', (popup) => void popup.close().catch(() => {}));
  page.once('crash', () => fault.abort(fail('browser', options.crashReason())));
  page.once('download', () => fault.abort(fail('type', 'it offers the browser a file to download')));
  const session = await context.newCDPSession(page);
  let document = url;
  await guardNavigation(session, {
    async admit(to) {
      document = to;
      const address = checkUrl(to, { policy }, url);
      await permit?.(address, url, stop);
    },
    onRefused: (error) => fault.abort(error),
    tooMany: () => fail('redirect', 'its scripts lead from page to page without end'),
  });
  const isLoading = watchRequests(page);
  const look = pageContent(session, stop);
  const response = await page.goto(url, { waitUntil: 'commit', timeout: 0 }).catch((error) => {
    throw proxy.failureAt(document) ?? fail(...loadFailure(String(error)));
  });
  const status = response?.status() ?? 200;
  if (status < 200 || status > 299)
    throw new FetchError('http', url, `its server answered the browser ${status}`, status);
  await untilSettled({ measure: () => look(0), isLoading, isCutOff: proxy.overLimit, signal: stop });
  const { url: address, textLength, html } = await look(limits.maxHtml);
  if (address.startsWith('chrome-error:'))
    throw proxy.failureAt(document) ?? fail('browser', 'its scripts lead to a page that could not be loaded');
  if (!/^https?:/.test(address)) throw fail('url', 'its scripts lead to something that is not a page of the web');
  if (textLength === 0 && proxy.overLimit())
    throw fail('too-large', `it loads more than ${megabytes(limits.maxBytes)}`);
  if (textLength === 0) throw fail('browser', 'it shows no text in the browser either');
  if (html === undefined) throw fail('too-large', `its scripts make it larger than ${megabytes(limits.maxHtml)}`);
  return { html, url: address };
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MB`;

/** Chromium's errors by their names; the rest of what it says is about the proxy. */
function loadFailure(error: string): [FetchErrorKind, string] {
  if (/Download is starting/.test(error)) return ['type', 'it offers the browser a file to download'];
  if (/ERR_HTTP_RESPONSE_CODE_FAILURE/.test(error)) return ['http', 'its server answered the browser with an error'];
  if (/ERR_CERT_|ERR_SSL_/.test(error))
    return ['tls', 'the browser does not trust the security certificate of its server'];
  return ['browser', 'the browser could not load it'];
}

/** Closes a context; a browser that does not manage that is ended, for it will manage nothing else. */
async function closed(context: BrowserContext, chromium: Chromium): Promise<void> {
  const late = setTimeout(() => chromium.kill(), CLOSE_LIMIT_MS);
  await context.close().catch(() => {});
  clearTimeout(late);
}
