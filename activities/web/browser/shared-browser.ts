import { log } from '../../log.ts';
import { addressPolicy } from '../address.ts';
import { userAgent } from '../safe-fetch.ts';
import { type PageBrowser, pageBrowser } from './page-browser.ts';

/** What the configuration says of the browser. */
export interface BrowserSettings {
  /** Its program. */
  path: string;
  /** Whether it shuts its pages off from the machine. */
  sandbox: boolean;
  /** Of the browser with all its pages. */
  memoryMb: number;
  /** Which pages are opened in it: those that scripts fill, or every HTML page. */
  pages: 'scripted' | 'all';
}

export interface SharedBrowserOptions {
  browser: BrowserSettings;
  allowPrivate: readonly string[];
  contact?: string;
}

const browsers = new Map<string, PageBrowser>();

/** The browser of this process for these settings: one for all that ask for it. */
export function sharedBrowser({ browser, allowPrivate, contact }: SharedBrowserOptions): PageBrowser {
  const { path, sandbox, memoryMb } = browser;
  const key = JSON.stringify([path, sandbox, memoryMb, allowPrivate, contact]);
  const known = browsers.get(key);
  if (known) return known;
  const made = pageBrowser({
    path,
    sandbox,
    policy: addressPolicy(allowPrivate),
    userAgent: userAgent(contact),
    limits: { memoryMb },
    onProblem: log.warn,
  });
  browsers.set(key, made);
  return made;
}

/** Ends the browsers of this process; the next page starts one anew. */
export async function closeBrowsers(): Promise<void> {
  await Promise.all([...browsers.values()].map((browser) => browser.close()));
}
