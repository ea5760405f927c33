import { findChromium } from '../../activities/web/browser/find-chromium.ts';
import type { BrowserSettings } from '../../activities/web/browser/shared-browser.ts';
import type { Variables } from './variables.ts';

/** Throws an error with a sentence where the browser that is asked for cannot be had. */
export function browserSettings(values: Variables): BrowserSettings {
  const sandbox = values.DEEP_RESEARCH_BROWSER_SANDBOX;
  if (sandbox && process.getuid?.() === 0) {
    throw new Error(
      'DEEP_RESEARCH_BROWSER_SANDBOX: Chromium has no sandbox as root; run the worker as another user, or set it to false.',
    );
  }
  return {
    path: chromium(values.DEEP_RESEARCH_BROWSER!),
    sandbox,
    memoryMb: values.DEEP_RESEARCH_BROWSER_MEMORY,
    pages: values.DEEP_RESEARCH_BROWSER_PAGES,
  };
}

function chromium(given: string): string {
  try {
    return findChromium(given);
  } catch (error) {
    throw new Error(`DEEP_RESEARCH_BROWSER: ${(error as Error).message}`);
  }
}
