import { type CellObject, SSF } from '@e965/xlsx';

const ERRORS: Record<number, string> = {
  0: '#NULL!',
  7: '#DIV/0!',
  15: '#VALUE!',
  23: '#REF!',
  29: '#NAME?',
  36: '#NUM!',
  42: '#N/A',
};

/**
 * A cell's value as text that loses nothing: dates as ISO 8601, numbers with all their digits and the unit or per cent
 * sign of their format, links as in Markdown. A formula that nobody has calculated stands as it is written.
 *
 * @param from1904 whether days are counted from 1904
 */
export function cellValue(cell: CellObject, from1904: boolean): string {
  const { t: type, v: value, f: formula, l: link } = cell;
  const text = plainValue(cell, from1904);
  if (type === 'z' || value === undefined) return formula ? `=${formula}` : '';
  const target = link?.Target;
  return target && /^(?:https?|mailto):/i.test(target) && text !== target ? `[${text}](${target})` : text;
}

function plainValue({ t: type, v: value, z: format }: CellObject, from1904: boolean): string {
  if (type === 'b') return value ? 'TRUE' : 'FALSE';
  if (type === 'e') return ERRORS[Number(value)] ?? '#ERROR!';
  if (value instanceof Date) return value.toISOString().replace(/T00:00:00\.000Z$/, '');
  if (typeof value !== 'number') return String(value ?? '');
  return typeof format === 'string' ? formatted(value, format, from1904) : plainNumber(value);
}

/** What a format makes of numbers; looked up once, for a sheet has millions of cells and few formats. */
const KINDS = new Map<string, 'plain' | 'date' | 'marked'>();

function kindOf(format: string): 'plain' | 'date' | 'marked' {
  const known = KINDS.get(format);
  if (known) return known;
  const isPlain = /^(?:general|@|[\s#0?.,;()_*\\/-]|\[(?:red|blue|black|green|white|color ?\d+)\])*$/i.test(format);
  const kind = SSF.is_date(format) ? 'date' : isPlain ? 'plain' : 'marked';
  // Formats come from the file.
  if (KINDS.size > 1000) KINDS.clear();
  KINDS.set(format, kind);
  return kind;
}

function formatted(value: number, format: string, from1904: boolean): string {
  const kind = kindOf(format);
  if (kind === 'plain') return plainNumber(value);
  if (kind === 'date') return dateText(value, format, from1904) ?? plainNumber(value);
  const text = written(value, format);
  const shown = Number(text.replace(/[^\d.]/g, ''));
  const isPercent = text.includes('%');
  if (closeTo(shown, Math.abs(isPercent ? value * 100 : value))) return text;
  return isPercent ? `${plainNumber(value * 100)}%` : plainNumber(value);
}

function written(value: number, format: string): string {
  try {
    return String(SSF.format(format, value)).trim();
  } catch {
    return '';
  }
}

/** A time of day, a day, or both; of durations the hours. Undefined for what is no day of the calendar. */
function dateText(value: number, format: string, from1904: boolean): string | undefined {
  if (/\[[hms]+\]/i.test(format)) return written(value, format) || undefined;
  const date = SSF.parse_date_code(value, { date1904: from1904 });
  if (!date) return undefined;
  const two = (number: number) => String(number).padStart(2, '0');
  const day = `${String(date.y).padStart(4, '0')}-${two(date.m)}-${two(date.d)}`;
  const time = `${two(date.H)}:${two(date.M)}:${two(Math.floor(date.S))}`;
  if (value >= 0 && value < 1) return time;
  return date.H || date.M || date.S ? `${day} ${time}` : day;
}

/** Without what the binary form adds: `0.3`, not `0.30000000000000004`. */
const plainNumber = (value: number): string => String(Number(value.toPrecision(15)));

const closeTo = (a: number, b: number): boolean => Math.abs(a - b) <= Math.abs(b) * 1e-12;
