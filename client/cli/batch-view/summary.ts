import type { BatchResult } from '../../../protocol/batch.ts';
import { mean, percentile, type Sketch } from '../../../protocol/sketch.ts';
import { cachedShare, count, duration } from '../format.ts';
import { costText, type Prices } from './cost.ts';

/** What a batch came to, as lines for people. */
export function summaryLines(result: BatchResult, id: string, prices?: Prices): string[] {
  const { totals, total, skipped, state } = result;
  const failed = totals.error + totals.timeout;
  const left = total - skipped - totals.success - failed;
  const { usage } = totals;
  return [
    `${state === 'done' ? 'Done' : 'Stopped'} after ${duration(result.elapsedMs)}: ${total} sessions, ${totals.success} success, ${totals.timeout} timeout, ${totals.error} error${skipped ? `, ${skipped} taken over` : ''}${left > 0 ? `, ${left} not run` : ''}`,
    `Tokens: ${count(usage.prompt)} prompt (${cachedShare(usage)}% cached), ${count(usage.completion)} generated${prices ? `, ${costText(usage, prices)}` : ''}`,
    ...(totals.rounds.count > 0
      ? [
          '',
          `${'a session'.padEnd(12)}${['mean', 'p50', 'p90', 'p99', 'max'].map((name) => name.padStart(9)).join('')}`,
          row('rounds', totals.rounds, number),
          row('tool calls', totals.calls, number),
          row('tokens', totals.tokens, count),
          row('time', totals.seconds, (seconds) => duration(seconds * 1000)),
        ]
      : []),
    ...(failed > 0 ? ['', `Rows without an answer run again with:\n  npx deep-research retry-failed ${id}`] : []),
    ...(left > 0 ? ['', 'The same command goes on with the rest.'] : []),
  ];
}

const number = (value: number): string => (value >= 100 ? String(Math.round(value)) : value.toFixed(1));

function row(name: string, values: Sketch, show: (value: number) => string): string {
  const cells = [mean(values), percentile(values, 0.5), percentile(values, 0.9), percentile(values, 0.99), values.max];
  return `${name.padEnd(12)}${cells.map((value) => show(value).padStart(9)).join('')}`;
}
