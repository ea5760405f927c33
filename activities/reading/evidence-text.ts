import { isMarkdown, type ReadableDocument } from '../documents/readable-document.ts';
import { markdownHeadings } from '../documents/titles.ts';
import type { Span } from './verbatim.ts';

/** Most characters of evidence from one page, and of one quote in it. */
const MOST_EVIDENCE = 8000;
const MOST_QUOTE = 2500;

/**
 * Of each piece's finds the first, then of each the second, and so on while there is room: no part of a page may push
 * the others out. In the order of the page, none within another.
 */
export function chooseSpans(finds: readonly Span[][]): Span[] {
  const chosen: Span[] = [];
  let left = MOST_EVIDENCE;
  const deepest = Math.max(0, ...finds.map((spans) => spans.length));
  for (let i = 0; i < deepest; i++) {
    for (const spans of finds) {
      const span = spans[i] && clipped(spans[i]!);
      if (!span || span.end - span.start > left || chosen.some((other) => overlap(other, span))) continue;
      chosen.push(span);
      left -= span.end - span.start;
    }
  }
  return chosen.sort((a, b) => a.start - b.start);
}

const clipped = ({ start, end }: Span): Span => ({ start, end: Math.min(end, start + MOST_QUOTE) });
const overlap = (a: Span, b: Span): boolean => a.start < b.end && b.start < a.end;

/** The stretches as the evidence of a visit: gaps marked, each below its page of a PDF or its section of a page. */
export function evidenceText({ text, kind }: ReadableDocument, spans: readonly Span[]): string {
  const placeOf = kind === 'pdf' ? pageOf(text) : sectionOf(text, kind);
  let last: string | undefined;
  const shown = spans.map(({ start, end }) => {
    const place = placeOf(start);
    const label = place !== '' && place !== last ? `[${place}]\n` : '';
    last = place;
    return (
      label +
      text
        .slice(start, end)
        .toWellFormed()
        .replace(/\n*\f\n*/g, '\n\n')
        .trim()
    );
  });
  return shown.join('\n\n[…]\n\n');
}

const pageOf = (text: string) => (at: number) => `Page ${text.slice(0, at).split('\f').length}`;

function sectionOf(text: string, kind: ReadableDocument['kind']): (at: number) => string {
  if (!isMarkdown(kind)) return () => '';
  const headings = [...markdownHeadings(text)];
  // The page's own title says nothing of the place.
  return (at) => headings.slice(1).findLast((heading) => heading.at <= at)?.title ?? '';
}
