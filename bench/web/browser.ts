import { createServer } from 'node:http';
import { addressPolicy } from '../../activities/web/address.ts';
import { startChromium } from '../../activities/web/browser/chromium.ts';
import { findChromium } from '../../activities/web/browser/find-chromium.ts';
import { pageBrowser } from '../../activities/web/browser/page-browser.ts';
import { listen } from '../../test/support/listen.ts';
import { median } from '../statistics.ts';

export interface BrowserFigures {
  startMs: number;
  /** One page after the other, and three at once: milliseconds a page. */
  pageMs: number;
  atOnceMs: number;
  /** Of the browser without pages, in MB. */
  idleMb: number;
}

const PAGES = 20;

/** A page that scripts fill as soon as they run: what is measured is the browser and how we wait for it. */
const PAGE = `<!doctype html><div id="root"></div><script>
  document.getElementById('root').innerHTML = '<p>' + 'The gauge stood at four metres. '.repeat(100) + '</p>';</script>`;

/** What a page costs that is opened in Chromium; undefined where there is none. */
export async function measureBrowser(): Promise<BrowserFigures | undefined> {
  const chromium = chromiumHere();
  if (!chromium) return undefined;
  const site = await listen(
    createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE)),
  );
  const startedAt = performance.now();
  const idle = await startChromium(chromium);
  const startMs = performance.now() - startedAt;
  const idleMb = idle.memory().reduce((sum, { used }) => sum + used, 0);
  await idle.close();

  const browser = pageBrowser({ ...chromium, policy: addressPolicy(['127.0.0.1']), userAgent: 'bench' });
  const open = async () => {
    const from = performance.now();
    await browser.render(site.url, undefined, new AbortController().signal);
    return performance.now() - from;
  };
  await open();
  const times: number[] = [];
  for (let page = 0; page < PAGES; page++) times.push(await open());
  const from = performance.now();
  await Promise.all(Array.from({ length: PAGES }, open));
  const atOnceMs = (performance.now() - from) / PAGES;
  await browser.close();
  await site.close();
  return { startMs, pageMs: median(times), atOnceMs, idleMb };
}

function chromiumHere() {
  try {
    return { path: findChromium('auto'), sandbox: process.getuid?.() !== 0 };
  } catch {
    return undefined;
  }
}
