import { setTimeout as sleep } from 'node:timers/promises';
import type { PageContent } from './page-content.ts';

const LOOK_EVERY_MS = 250;

/** Unchanged for this long and with nothing under way, a page that has text is done, and one without has none to come. */
const QUIET_MS = 500;
const QUIET_WITHOUT_TEXT_MS = 2500;

/** A page that goes on changing or loading is taken as it is then. */
const PATIENCE_MS = 15_000;

/** Less text than this may be a notice that the page loads, in characters. */
const ENOUGH_TEXT = 200;

export interface Settling {
  measure(): Promise<PageContent>;
  /** Whether requests of the page are under way. */
  isLoading(): boolean;
  /** Whether nothing more can come. */
  isCutOff(): boolean;
  signal: AbortSignal;
}

/** Waits until scripts have brought a page into the state in which it stays. */
export async function untilSettled({ measure, isLoading, isCutOff, signal }: Settling): Promise<void> {
  const startedAt = performance.now();
  let changedAt = startedAt;
  let before = '';
  while (performance.now() - startedAt < PATIENCE_MS) {
    const { url, loading, textLength } = await measure();
    const now = performance.now();
    const state = `${url} ${textLength}`;
    if (state !== before || ((loading || isLoading()) && !isCutOff())) changedAt = now;
    before = state;
    if (now - changedAt >= (textLength >= ENOUGH_TEXT ? QUIET_MS : QUIET_WITHOUT_TEXT_MS)) return;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}
