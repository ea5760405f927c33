import { escapeHtml } from './escape.ts';
import type { RoundFigures } from './figures.ts';
import { barPlot, dotPlot, full } from './plot.ts';

/** Tokens, time and tools by round, as plots and as one table. */
export function plotsHtml(figures: readonly RoundFigures[]): string {
  const rounds = figures.map(({ number }) => number);
  const resets = figures.filter(({ begins }) => begins).map(({ number }) => number);
  const of = (field: 'cached' | 'computed' | 'generated' | 'modelSeconds' | 'toolSeconds') =>
    figures.map((round) => round[field]);
  const names = [...new Set(figures.flatMap(({ calls }) => calls.map(({ name }) => name)))];
  const lines = names.slice(0, MOST_TOOLS).map((name) => {
    const count = (failed: boolean) =>
      figures.map(({ calls }) => calls.filter((call) => call.name === name && call.failed === failed).length);
    return { name, done: count(false), failed: count(true) };
  });
  return [
    barPlot({
      title: 'Tokens of the prompt',
      rounds,
      resets,
      unit: 'tokens',
      series: [
        { name: 'cached', colour: 'c1', values: of('cached') },
        { name: 'computed', colour: 'c2', values: of('computed') },
      ],
    }),
    barPlot({
      title: 'Tokens generated',
      rounds,
      resets,
      unit: 'tokens',
      series: [{ name: 'generated', colour: 'c3', values: of('generated') }],
    }),
    barPlot({
      title: 'Time',
      rounds,
      resets,
      unit: 's',
      series: [
        { name: 'model', colour: 'c3', values: of('modelSeconds') },
        { name: 'tools', colour: 'c4', values: of('toolSeconds') },
      ],
    }),
    ...(lines.length > 0 ? [dotPlot({ title: 'Tool calls', rounds, resets, lines })] : []),
    table(figures),
  ].join('\n');
}

/** A model can name any number of tools that do not exist. */
const MOST_TOOLS = 20;

const HEADS = ['Round', 'Cached', 'Computed', 'Generated', 'Model s', 'Tools s', 'Calls'];

function table(figures: readonly RoundFigures[]): string {
  const rows = figures.map(({ number, cached, computed, generated, modelSeconds, toolSeconds, calls }) => {
    const counts = [cached, computed, generated].map(full);
    const times = [modelSeconds, toolSeconds].map((seconds) => seconds.toFixed(1));
    const cells = [...counts, ...times, calls.map(({ name }) => escapeHtml(name)).join(', ')];
    const head = `<th scope="row"><a href="#round-${number}">${number}</a></th>`;
    return `<tr>${head}${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  const heads = HEADS.map((head) => `<th scope="col">${head}</th>`).join('');
  return `<details><summary>The same as a table</summary><div class="scroll" tabindex="0" role="group" aria-label="Figures by round"><table class="figures"><thead><tr>${heads}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div></details>`;
}
