/** Limits of one page in the browser, and of the browser. */
export interface BrowserLimits {
  /** From its turn to its HTML, in milliseconds. */
  totalMs: number;
  connectMs: number;
  /** Of all that it loads, in bytes as they travel; beyond that it is cut off from the network. */
  maxBytes: number;
  /** Of the HTML that is read, in characters. */
  maxHtml: number;
  /** Of the browser with all its pages, in MB. */
  memoryMb: number;
  /** Pages at once. */
  pages: number;
  /** A browser that nobody needs is closed after this, in milliseconds. */
  idleMs: number;
}

export const DEFAULT_BROWSER_LIMITS: Readonly<BrowserLimits> = {
  totalMs: 45_000,
  connectMs: 10_000,
  // Without images and films a large application loads some 5 MB.
  maxBytes: 30 * 1024 * 1024,
  // What the reader takes.
  maxHtml: 10 * 1024 * 1024,
  // A browser takes some 200 MB by itself and 50 to 150 for a page.
  memoryMb: 1536,
  pages: 3,
  idleMs: 60_000,
};
