import { type DomElement, textOf } from '../html/dom.ts';
import { cellText, markdownTable } from '../markdown-table.ts';
import { allNamed, childNamed, firstNamed } from './parts.ts';

/** The figures that a chart shows, as a table with a column for each of its series. */
export function chartText(chart: DomElement): string {
  const title = firstNamed(chart, 'c:title');
  const name = title && [...allNamed(title, 'a:t')].map(textOf).join(' ').trim();
  const series = [...allNamed(chart, 'c:ser')].map((one, index) => ({
    name: values(childNamed(one, 'c:tx'))[0] ?? `Series ${index + 1}`,
    places: values(childNamed(one, 'c:cat') ?? childNamed(one, 'c:xVal')),
    values: values(childNamed(one, 'c:val') ?? childNamed(one, 'c:yVal')),
  }));
  const head = `[Chart${name ? `: ${name}` : ''}]`;
  const places = series[0]?.places ?? [];
  const count = Math.max(0, ...series.map((one) => one.values.length));
  if (count === 0) return head;
  const rows = Array.from({ length: count }, (_, i) => [
    places[i] ?? String(i + 1),
    ...series.map((one) => one.values[i] ?? ''),
  ]);
  return `${head}\n\n${markdownTable([['', ...series.map((one) => one.name)], ...rows].map((row) => row.map(cellText)))}`;
}

/** The values that the file keeps of the cells a chart is drawn from, at their places. */
function values(source: DomElement | undefined): (string | undefined)[] {
  const found: (string | undefined)[] = [];
  for (const point of source ? allNamed(source, 'c:pt') : []) {
    const index = Number(point.getAttribute('idx') ?? found.length);
    if (Number.isInteger(index) && index >= 0 && index < 10_000)
      found[index] = firstNamed(point, 'c:v')?.textContent ?? '';
  }
  return found.length > 0 || !source ? found : [firstNamed(source, 'c:v')?.textContent ?? undefined];
}
