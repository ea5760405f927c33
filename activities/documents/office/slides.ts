import type { DomElement } from '../html/dom.ts';
import { textOf } from '../html/dom.ts';
import { cellText, markdownTable } from '../markdown-table.ts';
import type { ReadableDocument } from '../readable-document.ts';
import { chartText } from './chart.ts';
import { allNamed, childNamed, firstNamed, type OfficeParts, type Relation } from './parts.ts';

/** Placeholders that say the same on each slide. */
const FURNITURE = new Set(['sldNum', 'dt', 'ftr', 'hdr', 'sldImg']);

/** Reads PPTX: each slide's texts, tables, figures of charts, and what the speaker is to say. */
export async function readSlides(parts: OfficeParts): Promise<ReadableDocument> {
  const presentation = await parts.xml('ppt/presentation.xml');
  const relations = await parts.relations('ppt/presentation.xml');
  const list = presentation && childNamed(presentation, 'p:sldIdLst');
  const blocks: string[] = [];
  let number = 0;
  for (const entry of list?.children ?? []) {
    const part = relations.get(entry.getAttribute('r:id') ?? '')?.target;
    const slide = part === undefined ? undefined : await parts.xml(part);
    if (part === undefined || !slide) continue;
    blocks.push(await slideText(parts, part, slide, ++number));
  }
  const title = await parts.title();
  return { kind: 'presentation', ...(title && { title }), text: blocks.join('\n\n') };
}

async function slideText(parts: OfficeParts, part: string, slide: DomElement, number: number): Promise<string> {
  const relations = await parts.relations(part);
  const shapes = [...shapesOf(childNamed(childNamed(slide, 'p:cSld'), 'p:spTree'))];
  const titleShape = shapes.find((shape) => /^(?:title|ctrTitle)$/.test(placeholder(shape) ?? ''));
  const title = titleShape ? paragraphs(titleShape, relations, false).join(' ') : '';
  const hidden = slide.getAttribute('show') === '0' ? ' (hidden)' : '';
  const blocks = [`## Slide ${number}${title ? `: ${title}` : ''}${hidden}`];
  for (const shape of shapes) {
    if (shape === titleShape || FURNITURE.has(placeholder(shape) ?? '')) continue;
    const text = await shapeText(parts, shape, relations);
    if (text) blocks.push(text);
  }
  const notes = await notesText(parts, relations);
  if (notes) blocks.push(`Notes: ${notes}`);
  return blocks.join('\n\n');
}

/** Shapes in the order in which they were laid down, those of groups among them. */
function* shapesOf(tree: DomElement | undefined): Generator<DomElement> {
  for (const child of tree?.children ?? []) {
    if (child.localName === 'p:grpSp') yield* shapesOf(child);
    // Of alternatives the first is what newer programs show.
    else if (child.localName === 'mc:AlternateContent') yield* shapesOf(child.firstElementChild ?? undefined);
    else if (/^p:(?:sp|graphicFrame|pic)$/.test(child.localName)) yield child;
  }
}

/** What kind of placeholder a shape is; `body` where it does not say, undefined for one that is none. */
function placeholder(shape: DomElement): string | undefined {
  const mark = firstNamed(shape, 'p:ph');
  return mark && (mark.getAttribute('type') ?? 'body');
}

async function shapeText(parts: OfficeParts, shape: DomElement, relations: Map<string, Relation>): Promise<string> {
  if (shape.localName === 'p:pic') {
    const description = firstNamed(shape, 'p:cNvPr')?.getAttribute('descr')?.replace(/\s+/g, ' ').trim();
    return description ? `[Image: ${description}]` : '';
  }
  const table = firstNamed(shape, 'a:tbl');
  if (table) return tableText(table, relations);
  const chart = firstNamed(shape, 'c:chart');
  const chartPart = chart && relations.get(chart.getAttribute('r:id') ?? '')?.target;
  const drawn = chartPart === undefined ? undefined : await parts.xml(chartPart);
  if (drawn) return chartText(drawn);
  const diagram = firstNamed(shape, 'dgm:relIds');
  const data = diagram && relations.get(diagram.getAttribute('r:dm') ?? '')?.target;
  const drawing = data === undefined ? undefined : await parts.xml(data);
  if (drawing) return lines([...allNamed(drawing, 'a:p')].map(textOf));
  return lines(paragraphs(shape, relations, /^(?:body|obj)$/.test(placeholder(shape) ?? '')));
}

function tableText(table: DomElement, relations: Map<string, Relation>): string {
  const rows = [...table.children].filter(({ localName }) => localName === 'a:tr');
  return markdownTable(
    rows.map((row) =>
      [...row.children]
        .filter(({ localName }) => localName === 'a:tc')
        .map((cell) => cellText(paragraphs(cell, relations, false).join(' '))),
    ),
  );
}

/** A shape's paragraphs: items of a list where they are numbered, indented, or stand in a slide's main text. */
function paragraphs(shape: DomElement, relations: Map<string, Relation>, isMain: boolean): string[] {
  const all = [...allNamed(shape, 'a:p')];
  const numbers: number[] = [];
  return all.flatMap((paragraph) => {
    const text = runs(paragraph, relations).trim();
    if (!text) return [];
    const properties = childNamed(paragraph, 'a:pPr');
    const level = Math.min(8, Math.max(0, Number(properties?.getAttribute('lvl') ?? 0) || 0));
    const isNumbered = childNamed(properties, 'a:buAutoNum') !== undefined;
    const isItem = isNumbered || level > 0 || childNamed(properties, 'a:buChar') !== undefined;
    const isBare = childNamed(properties, 'a:buNone') !== undefined;
    numbers.length = level + 1;
    numbers[level] = isNumbered ? (numbers[level] ?? 0) + 1 : 0;
    if (isBare || !(isItem || (isMain && all.length > 1))) return [text];
    return [`${'  '.repeat(level)}${isNumbered ? `${numbers[level]}.` : '-'} ${text}`];
  });
}

function runs(paragraph: DomElement, relations: Map<string, Relation>): string {
  return [...paragraph.children]
    .map((run) => {
      if (run.localName === 'a:br') return '\n';
      if (run.localName !== 'a:r' && run.localName !== 'a:fld') return '';
      const text = childNamed(run, 'a:t')?.textContent ?? '';
      const link = childNamed(childNamed(run, 'a:rPr'), 'a:hlinkClick');
      const target = link && relations.get(link.getAttribute('r:id') ?? '');
      return target?.isOutside && text.trim() && /^(?:https?|mailto):/i.test(target.target)
        ? `[${text}](${target.target})`
        : text;
    })
    .join('');
}

async function notesText(parts: OfficeParts, relations: Map<string, Relation>): Promise<string> {
  const part = [...relations.values()].find(({ type }) => type === 'notesSlide')?.target;
  const notes = part === undefined ? undefined : await parts.xml(part);
  if (!notes) return '';
  const shapes = [...allNamed(notes, 'p:sp')].filter((shape) => !FURNITURE.has(placeholder(shape) ?? ''));
  return shapes
    .map((shape) => lines(paragraphs(shape, relations, false)))
    .filter(Boolean)
    .join('\n');
}

const lines = (texts: string[]): string => texts.filter((text) => text.trim()).join('\n');
