import { escapeHtml } from './escape.ts';

/** One kind of value; its bars stand on those of the kind before it. */
export interface Series {
  name: string;
  /** Class of its colour. */
  colour: string;
  values: readonly number[];
}

export interface BarPlot {
  title: string;
  /** Numbers of the rounds, in their order. */
  rounds: readonly number[];
  /** Rounds before which the context was emptied. */
  resets: readonly number[];
  series: readonly Series[];
  unit: string;
}

/** As wide as a phone, and wider with the rounds: it is shown in its own size and scrolls. */
const widthFor = (rounds: number): number => Math.round(Math.min(960, Math.max(340, 60 + rounds * 16)));

const LEFT = 52;
const RIGHT = 6;
const TOP = 8;
const PLOT = 130;
const BOTTOM = 20;

/** A plot of bars, one for each round, as a figure with its legend. */
export function barPlot(plot: BarPlot): string {
  const { title, rounds, series, unit } = plot;
  const totals = rounds.map((_, index) => series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0));
  const top = niceTop(Math.max(0, ...totals));
  const scale = PLOT / top;
  const base = rounds.map(() => TOP + PLOT);
  const width = widthFor(rounds.length);
  const bars = series.map(({ colour, values }) => {
    const path = rounds.map((_, index) => {
      const height = (values[index] ?? 0) * scale;
      if (height <= 0) return '';
      base[index] = (base[index] as number) - height;
      return bar(index, rounds.length, base[index] as number, height);
    });
    return `<path class="${colour}" d="${path.join('')}"/>`;
  });
  const grid = [0, top / 2, top].map((value) => {
    const y = round(TOP + PLOT - value * scale);
    return `<path class="grid" d="M${LEFT} ${y}H${width - RIGHT}"/><text x="${LEFT - 6}" y="${y + 4}" class="y">${short(value)}</text>`;
  });
  const tips = rounds.map((number, index) => {
    const parts = series.map(({ name, values }) => `${name} ${full(values[index] ?? 0)} ${unit}`);
    return tip(index, rounds.length, number, TOP, PLOT, `Round ${number}: ${parts.join(', ')}`);
  });
  const said = `${title}, by round: ${rounds.length} rounds, at most ${full(Math.max(0, ...totals))} ${unit}.`;
  const content = [...grid, ...bars, resetLines(plot, TOP + PLOT), roundLabels(rounds, TOP + PLOT), ...tips].join('');
  return figure(title, legend(series), said, { width, height: TOP + PLOT + BOTTOM }, content);
}

export interface DotPlot {
  title: string;
  rounds: readonly number[];
  resets: readonly number[];
  /** A line for each, from above. */
  lines: { name: string; done: readonly number[]; failed: readonly number[] }[];
}

const LINE = 22;
const NAMES = 168;

/** Which tools were called in which round: a line for each tool, bars as high as there were calls. */
export function dotPlot({ title, rounds, resets, lines }: DotPlot): string {
  const bottom = TOP + LINE * lines.length;
  const width = widthFor(rounds.length);
  const most = Math.max(1, ...lines.flatMap(({ done, failed }) => done.map((count, i) => count + (failed[i] ?? 0))));
  const shapes = lines.map(({ name, done, failed }, line) => {
    const foot = TOP + LINE * (line + 1) - 3;
    const path = (counts: readonly number[], under: readonly number[]) =>
      counts
        .map((count, index) => {
          if (count === 0) return '';
          const unit = (LINE - 6) / most;
          const height = Math.max(4, count * unit);
          return bar(index, rounds.length, foot - (under[index] ?? 0) * unit - height, height);
        })
        .join('');
    const none = rounds.map(() => 0);
    return (
      `<path class="grid" d="M${LEFT} ${foot}H${width - RIGHT}"/>` +
      `<text x="${LEFT - 6}" y="${foot - 3}" class="y">${escapeHtml(clip(name))}</text>` +
      `<path class="c1" d="${path(done, none)}"/><path class="bad" d="${path(failed, done)}"/>`
    );
  });
  const tips = rounds.map((number, index) => {
    const parts = lines.flatMap(({ name, done, failed }) => {
      const count = (done[index] ?? 0) + (failed[index] ?? 0);
      return count === 0 ? [] : `${name} ×${count}${failed[index] ? ` (${failed[index]} failed)` : ''}`;
    });
    return tip(index, rounds.length, number, TOP, bottom - TOP, `Round ${number}: ${parts.join(', ') || 'no calls'}`);
  });
  const sums = lines.map(({ name, done, failed }) => `${name} ${sum(done) + sum(failed)}`);
  const content = [...shapes, resetLines({ rounds, resets }, bottom), roundLabels(rounds, bottom), ...tips].join('');
  const keys = legend([
    { name: 'done', colour: 'c1', values: [] },
    { name: 'failed, refused or skipped', colour: 'bad', values: [] },
  ]);
  const said = `${title}, by round: ${sums.join(', ')}.`;
  const size = { width: width + NAMES - LEFT, height: bottom + BOTTOM };
  return figure(title, keys, said, size, `<g transform="translate(${NAMES - LEFT} 0)">${content}</g>`);
}

interface Size {
  width: number;
  height: number;
}

function figure(title: string, keys: string, said: string, { width, height }: Size, content: string): string {
  const caption = `<figcaption><strong>${escapeHtml(title)}</strong> ${keys}</figcaption>`;
  const svg = `<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(said)}">${content}</svg>`;
  return `<figure>${caption}<div class="scroll" tabindex="0" role="group" aria-label="${escapeHtml(title)}">${svg}</div></figure>`;
}

const legend = (series: readonly Series[]): string =>
  series
    .map(({ name, colour }) => {
      const swatch = `<svg class="key" viewBox="0 0 10 10" aria-hidden="true"><path class="${colour}" d="M0 0h10v10H0z"/></svg>`;
      return `<span class="legend">${swatch} ${escapeHtml(name)}</span>`;
    })
    .join(' ');

const slot = (count: number): number => (widthFor(count) - LEFT - RIGHT) / Math.max(1, count);

function bar(index: number, count: number, y: number, height: number): string {
  const width = Math.max(0.6, Math.min(28, slot(count) * 0.8));
  const x = LEFT + slot(count) * (index + 0.5) - width / 2;
  return `M${round(x)} ${round(y)}h${round(width)}v${round(height)}h-${round(width)}z`;
}

/** Leads to its round. A keyboard reaches the rounds in their list. */
function tip(index: number, count: number, number: number, y: number, height: number, text: string): string {
  const place = `x="${round(LEFT + slot(count) * index)}" y="${y}" width="${round(slot(count))}" height="${round(height)}"`;
  return `<a href="#round-${number}" tabindex="-1"><rect class="tip" ${place}><title>${escapeHtml(text)}</title></rect></a>`;
}

function resetLines({ rounds, resets }: Pick<BarPlot, 'rounds' | 'resets'>, bottom: number): string {
  return resets
    .map((number) => {
      const x = round(LEFT + slot(rounds.length) * rounds.indexOf(number));
      return `<path class="reset" d="M${x} ${TOP}V${bottom}"><title>Context emptied before round ${number}</title></path>`;
    })
    .join('');
}

function roundLabels(rounds: readonly number[], bottom: number): string {
  const step = niceStep(rounds.length / 10);
  const shown = rounds
    .map((number, index) => ({ number, index }))
    .filter(({ number }) => number === 1 || number % step === 0);
  return shown
    .map(
      ({ number, index }) =>
        `<text x="${round(LEFT + slot(rounds.length) * (index + 0.5))}" y="${bottom + 15}" class="x">${number}</text>`,
    )
    .join('');
}

/** 1, 2 or 5 times a power of ten, at least so large. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
}

function niceTop(most: number): number {
  if (!(most > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return power * ([1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= most) ?? 10);
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
const round = (value: number): number => Math.round(value * 100) / 100;
const clip = (name: string): string => (name.length > 26 ? `${name.slice(0, 25)}…` : name);

/** `12345` as `12k`. */
function short(value: number): string {
  if (value >= 1_000_000) return `${round(value / 1_000_000)}M`;
  return value >= 1000 ? `${round(value / 1000)}k` : String(round(value));
}

/** `12345.6` as `12,346`, small numbers with one place. */
export function full(value: number): string {
  const text = value < 100 && !Number.isInteger(value) ? value.toFixed(1) : String(Math.round(value));
  return text.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ',');
}
