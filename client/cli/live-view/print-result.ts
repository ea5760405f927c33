import { claimLines } from '../../../protocol/claims.ts';
import { isRehearsal, REHEARSAL_NOTE } from '../../../protocol/names.ts';
import type { ResearchResult } from '../../../protocol/result.ts';
import { cachedShare, count, duration } from '../format.ts';
import { type Style, styleFor } from '../style.ts';
import { clean, cleanLine, wrap } from '../text.ts';
import type { Terminal } from './screen.ts';

export interface PrintOptions {
  out: Terminal;
  /** Colours, and lines wrapped at the terminal's width. */
  isTTY?: boolean;
  /** Default: the terminal's own, else 80. */
  columns?: number;
}

/** Prints the answer whole, the sources, the artifacts and the totals. */
export function printResult(result: ResearchResult, { out, isTTY = false, columns }: PrintOptions): void {
  const style = styleFor(isTTY);
  const width = isTTY ? Math.max(20, columns || out.columns || 80) - 1 : Infinity;
  const blocks = [
    [
      style('strong', 'Answer'),
      ...(isRehearsal(result.model) ? wrap(REHEARSAL_NOTE, width).map((line) => style('warn', line)) : []),
      ...wrapMarkdown(clean(result.answer).trim() || '(empty)', width),
    ],
    section(
      style,
      'Sources',
      result.sources.map(({ url, title }, index) => sourceLine(index + 1, url, title)),
    ),
    section(style, 'Files', [
      ...result.artifacts.map(({ name, bytes }) => `  ${cleanLine(name)} (${bytes} bytes)`),
      ...(result.artifactsNote ? [`  ${cleanLine(result.artifactsNote)}`] : []),
    ]),
    section(
      style,
      'Claims checked',
      claimLines(result).flatMap((line) => wrap(cleanLine(line), width - 2).map((part) => `  ${part}`)),
    ),
    wrap(totals(result), width).map((line) => style('quiet', line)),
  ];
  const text = blocks.filter((block) => block.length > 0).map((block) => block.join('\n'));
  out.write(`\n${text.join('\n\n')}\n`);
}

const section = (style: Style, title: string, lines: string[]): string[] =>
  lines.length ? [style('strong', title), ...lines] : [];

function sourceLine(number: number, url: string, title?: string): string {
  const address = cleanLine(url);
  const name = cleanLine(title ?? '');
  return `${String(number).padStart(3)}. ${name && name !== address ? `${name}  ` : ''}${address}`;
}

function totals({ rounds, segments, usage, elapsedMs, model, stopReason }: ResearchResult): string {
  return [
    `${rounds} ${rounds === 1 ? 'round' : 'rounds'}${segments > 1 ? ` in ${segments} segments` : ''}`,
    duration(elapsedMs),
    `${count(usage.prompt)} prompt tokens (${cachedShare(usage)}% cached), ${count(usage.completion)} generated`,
    cleanLine(model),
    stopReason,
  ]
    .filter(Boolean)
    .join(' · ');
}

/** Wraps paragraphs; tables and code keep their lines. */
function wrapMarkdown(text: string, width: number): string[] {
  let inCode = false;
  return text.split('\n').flatMap((line) => {
    const fence = /^\s*(```|~~~)/.test(line);
    if (fence) inCode = !inCode;
    if (fence || inCode || line.trimStart().startsWith('|')) return [line];
    const indent = /^\s*(?:[-*+]|\d+[.)])?\s*/.exec(line)?.[0].length ?? 0;
    if (indent === 0 || indent > width / 2) return wrap(line, width);
    const [first = '', ...rest] = wrap(line.slice(indent), width - indent);
    return [line.slice(0, indent) + first, ...rest.map((part) => ' '.repeat(indent) + part)];
  });
}
