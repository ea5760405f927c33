import type { BatchResult } from '../../protocol/batch.ts';
import { usageLine } from '../../protocol/report.ts';
import { bars, mean, percentile, type Sketch } from '../../protocol/sketch.ts';
import { documentOf } from '../export/html/document.ts';
import { escapeHtml } from '../export/html/escape.ts';
import { full } from '../export/html/plot.ts';

/** What a batch came to as one page that needs nothing else. */
export function summaryPage(id: string, result: BatchResult): string {
  const { totals, total, skipped, elapsedMs, broken, brokenCount, state } = result;
  const title = `Batch ${id}`;
  const measures: [string, Sketch, string][] = [
    ['Rounds', totals.rounds, ''],
    ['Tool calls', totals.calls, ''],
    ['Tokens', totals.tokens, ''],
    ['Time', totals.seconds, ' s'],
  ];
  const facts: [string, string][] = [
    ['State', state],
    [
      'Sessions',
      `${full(total)}: ${totals.success} success, ${totals.timeout} timeout, ${totals.error} error${skipped ? `, ${skipped} taken over` : ''}`,
    ],
    ['Time', `${full(elapsedMs / 1000)} s`],
    ['Tokens', usageLine(totals.usage)],
    ['Output', result.output],
    ...(brokenCount > 0 ? [['Lines left out', `${brokenCount}`] as [string, string]] : []),
  ];
  return documentOf(
    title,
    `<h1>${escapeHtml(title)}</h1>
<dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd dir="auto">${escapeHtml(value)}</dd>`).join('')}</dl>
<h2>A session</h2>
<table class="figures"><tr><th></th>${['mean', 'p50', 'p90', 'p99', 'max'].map((name) => `<th>${name}</th>`).join('')}</tr>
${measures.map(([name, values, unit]) => tableRow(name, values, unit)).join('\n')}
</table>
${measures.map(([name, values, unit]) => histogram(name, values, unit)).join('\n')}
${broken.length > 0 ? `<h2>Lines left out</h2><ul>${broken.map(({ line, reason }) => `<li dir="auto">${line}: ${escapeHtml(reason)}</li>`).join('')}</ul>` : ''}`,
  );
}

function tableRow(name: string, values: Sketch, unit: string): string {
  const cells = [mean(values), percentile(values, 0.5), percentile(values, 0.9), percentile(values, 0.99), values.max];
  return `<tr><th>${name}</th>${cells.map((value) => `<td>${full(value)}${unit}</td>`).join('')}</tr>`;
}

const WIDTH = 720;
const LEFT = 52;
const TOP = 8;
const HEIGHT = 130;
const MOST_BARS = 24;

/** How many sessions had how much; each bar reaches as many times further as the one before. */
function histogram(name: string, values: Sketch, unit: string): string {
  const made = bars(values, MOST_BARS);
  if (made.length === 0) return '';
  const top = Math.max(...made.map(({ count }) => count));
  const slot = (WIDTH - LEFT) / made.length;
  const shapes = made.map(({ upTo, count }, index) => {
    const height = (count / top) * HEIGHT;
    const place = `x="${(LEFT + slot * index + slot * 0.1).toFixed(1)}" y="${(TOP + HEIGHT - height).toFixed(1)}" width="${(slot * 0.8).toFixed(1)}" height="${height.toFixed(1)}"`;
    const tip = `<title>up to ${full(upTo)}${unit}: ${count}</title>`;
    const label =
      index % Math.ceil(made.length / 8) === 0
        ? `<text class="x" x="${(LEFT + slot * (index + 0.5)).toFixed(1)}" y="${TOP + HEIGHT + 15}">${full(upTo)}</text>`
        : '';
    return `<rect class="c2" ${place}>${tip}</rect>${label}`;
  });
  const axis = `<path class="grid" d="M${LEFT} ${TOP + HEIGHT}H${WIDTH}"/><text class="y" x="${LEFT - 6}" y="${TOP + 10}">${top}</text>`;
  const said = `${name}: sessions by ${name.toLowerCase()}, at most ${full(values.max)}${unit}`;
  return `<figure><figcaption><strong>${name}</strong> <span class="legend">sessions, by up to how many${unit ? ` (${unit.trim()})` : ''}</span></figcaption><div class="scroll"><svg viewBox="0 0 ${WIDTH} ${TOP + HEIGHT + 22}" role="img" aria-label="${escapeHtml(said)}">${axis}${shapes.join('')}</svg></div></figure>`;
}
