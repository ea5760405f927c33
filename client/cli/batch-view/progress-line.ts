import type { BatchStatus } from '../../../protocol/batch.ts';
import { cachedShare, count, duration } from '../format.ts';
import { costText, type Prices } from './cost.ts';

const BAR = 20;

/** Sessions that were done at a time, for a rate that follows what happens now. */
export interface Sample {
  at: number;
  done: number;
}

/** Milliseconds over which the rate is taken. */
const SPAN = 10 * 60_000;

/** Keeps the samples that count. */
export function addSample(samples: Sample[], { at, done }: Sample): Sample[] {
  const recent = samples.filter((sample) => at - sample.at <= SPAN);
  return recent.at(-1)?.done === done && recent.length > 1
    ? [...recent.slice(0, -1), { at, done }]
    : [...recent, { at, done }];
}

/** Sessions a second; undefined before there is anything to go by. */
export function rateOf(samples: readonly Sample[]): number | undefined {
  const [first] = samples;
  const last = samples.at(-1);
  if (!first || !last || last.at - first.at < 1000 || last.done === first.done) return undefined;
  return ((last.done - first.done) * 1000) / (last.at - first.at);
}

/** One line: bar, counts, rate, estimate, states, tokens and, with prices, what they cost. */
export function progressLine(status: BatchStatus, samples: readonly Sample[], prices?: Prices): string {
  const { totals, total, skipped } = status;
  const done = status.done + skipped;
  const share = total === 0 ? 1 : done / total;
  const filled = Math.floor(share * BAR);
  const rate = rateOf(samples);
  const left = total - done;
  const parts = [
    `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${Math.floor(share * 100)}%`,
    `${done}/${total}`,
    ...(rate === undefined || left === 0 ? [] : [`${rateText(rate)}, ${duration((left / rate) * 1000)} left`]),
    `${status.openCount} at work${status.state === 'running' ? '' : ` (${status.state})`}`,
    ...[
      totals.timeout > 0 ? `${totals.timeout} timeout` : '',
      totals.error > 0 ? `${totals.error} error` : '',
      skipped > 0 ? `${skipped} taken over` : '',
    ].filter(Boolean),
    `${count(totals.usage.prompt + totals.usage.completion)} tokens (${cachedShare(totals.usage)}% cached)`,
    ...(prices ? [costText(totals.usage, prices)] : []),
  ];
  return parts.join(' · ');
}

function rateText(perSecond: number): string {
  if (perSecond >= 1) return `${perSecond.toFixed(1)}/s`;
  if (perSecond >= 1 / 60) return `${(perSecond * 60).toFixed(1)}/min`;
  return `${(perSecond * 3600).toFixed(1)}/h`;
}
