import { limiter } from '../../limiter.ts';
import type { AddressPolicy } from '../address.ts';
import { FetchError } from '../fetch-error.ts';
import { type Network, systemNetwork } from '../network.ts';
import type { Permit } from '../safe-fetch.ts';
import { type Chromium, type ChromiumOptions, startChromium } from './chromium.ts';
import { type BrowserLimits, DEFAULT_BROWSER_LIMITS } from './limits.ts';
import { BrowserGone, type RenderedPage, renderPage } from './render-page.ts';
import { type WatchedMemory, watchMemory } from './watch-memory.ts';

/** Opens pages as a person's browser does. */
export interface PageBrowser {
  /** Throws `FetchError` with a sentence for the model, and the reason of the signal. */
  render(url: string, permit: Permit | undefined, signal: AbortSignal): Promise<RenderedPage>;
  /** Ends the browser; the next page starts one anew. */
  close(): Promise<void>;
}

export interface PageBrowserOptions extends ChromiumOptions {
  policy: AddressPolicy;
  /** Follows what Chromium says of itself. */
  userAgent: string;
  limits?: Partial<BrowserLimits>;
  /** Default: the machine's resolver and TCP. */
  network?: Network;
  /** For a log: why the browser cannot be started. */
  onProblem?: (message: string) => void;
}

interface Running {
  chromium: Chromium;
  memory: WatchedMemory;
}

/** One Chromium for all pages: started for the first, started again after a crash, closed when it has nothing to do. */
export function pageBrowser(options: PageBrowserOptions): PageBrowser {
  const { policy, userAgent, network = systemNetwork, onProblem } = options;
  const limits = { ...DEFAULT_BROWSER_LIMITS, ...options.limits };
  const inTurn = limiter(limits.pages);
  let running: Promise<Running> | undefined;
  let pages = 0;
  let idle: NodeJS.Timeout | undefined;

  async function start(): Promise<Running> {
    const chromium = await startChromium(options);
    const memory = watchMemory(chromium, limits.memoryMb);
    chromium.gone.addEventListener('abort', memory.end);
    return { chromium, memory };
  }

  async function started(url: string): Promise<Running> {
    running ??= start();
    const starting = running;
    const forget = () => {
      if (running === starting) running = undefined;
    };
    try {
      const { chromium } = await starting;
      chromium.gone.addEventListener('abort', forget);
      return await starting;
    } catch (error) {
      forget();
      onProblem?.(`The browser cannot be started: ${startFailure(error)}`);
      throw new FetchError('browser', url, 'the browser of this worker does not start');
    }
  }

  async function render(url: string, permit: Permit | undefined, signal: AbortSignal): Promise<RenderedPage> {
    signal.throwIfAborted();
    const { chromium, memory } = await started(url);
    const crashReason = () =>
      memory.justExceeded()
        ? `its scripts take more memory than the ${limits.memoryMb} MB that the browser has`
        : 'its scripts made the browser break off';
    return renderPage(chromium, url, { network, policy, userAgent, permit, limits, crashReason }, signal);
  }

  /** A browser that ends takes all its pages along, of which one at most is at fault. */
  async function renderTwice(...page: Parameters<PageBrowser['render']>): Promise<RenderedPage> {
    try {
      return await render(...page);
    } catch (error) {
      if (!(error instanceof BrowserGone)) throw error;
    }
    try {
      return await render(...page);
    } catch (error) {
      if (!(error instanceof BrowserGone)) throw error;
      throw new FetchError('browser', page[0], 'the browser broke off over it twice');
    }
  }

  async function close(): Promise<void> {
    clearTimeout(idle);
    const ending = running;
    running = undefined;
    const { chromium, memory } = (await ending?.catch(() => undefined)) ?? {};
    memory?.end();
    await chromium?.close();
  }

  return {
    close,
    async render(...page) {
      pages += 1;
      clearTimeout(idle);
      try {
        return await inTurn(() => renderTwice(...page));
      } finally {
        pages -= 1;
        if (pages === 0) idle = setTimeout(() => void close(), limits.idleMs).unref();
      }
    },
  };
}

/** The library's message has pages of log; what Chromium says itself is in it. */
function startFailure(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/No usable sandbox|Running as root without --no-sandbox|Failed to move to new namespace/.test(message))
    return 'it cannot shut its pages off from the machine here; DEEP_RESEARCH_BROWSER_SANDBOX=false lets it do without.';
  const said = /^.*(?:\bERROR:|\bFATAL:|cannot open shared|error while loading).*$/m.exec(message)?.[0];
  return (said ?? message.split('\n')[0]!).trim();
}
