const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const DAY_MS = 24 * 3600 * 1000;
const UNIT_DAYS: Record<string, number> = {
  second: 0,
  minute: 0,
  min: 0,
  hour: 1 / 24,
  day: 1,
  week: 7,
  month: 30.44,
  year: 365.25,
};

/**
 * An ISO 8601 date, as exact as the text says (`2017-06-12`, `2017-06`, `2017`), or undefined if it tells none.
 * Reads ISO dates and times, `Jun 12, 2017`, `12 June 2017`, mail dates, `2017年6月12日`, and `3 days ago`.
 */
export function isoDate(text: string | number | undefined, now = Date.now()): string | undefined {
  const value = String(text ?? '').trim();
  const iso = /^(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?(?=$|[T\s])/.exec(value);
  if (iso) return fromParts([iso[1], iso[2], iso[3]]);
  const han = /(\d{4})\s*[年년](?:\s*(\d{1,2})\s*[月월](?:\s*(\d{1,2})\s*[日일])?)?/.exec(value);
  if (han) return fromParts([han[1], han[2], han[3]]);
  const monthFirst = /\b([a-z]{3})[a-z]*\.?(?:\s+(\d{1,2}),?)?\s+(\d{4})\b/i.exec(value);
  const dayFirst = /\b(\d{1,2})\s+([a-z]{3})[a-z]*\.?,?\s+(\d{4})\b/i.exec(value);
  const named = dayFirst
    ? [dayFirst[3], dayFirst[2], dayFirst[1]]
    : monthFirst && [monthFirst[3], monthFirst[1], monthFirst[2]];
  if (named) {
    const month = MONTHS.indexOf(named[1]!.toLowerCase()) + 1;
    return month > 0 ? fromParts([named[0], String(month), named[2]]) : undefined;
  }
  return /\byesterday\b/i.test(value) ? daysBefore(1, now) : agoDate(value, now);
}

/** A date from year, month and day, of which the last ones may be missing. Undefined if they are no real date. */
export function fromParts(parts: readonly (string | number | null | undefined)[]): string | undefined {
  const [year, month, day] = parts.map((part) =>
    part === null || part === undefined || part === '' ? undefined : Number(part),
  );
  if (year === undefined || !Number.isInteger(year) || year < 1000 || year > 2999) return undefined;
  if (month === undefined) return String(year);
  if (!Number.isInteger(month) || month < 1 || month > 12) return String(year);
  const upToMonth = `${year}-${String(month).padStart(2, '0')}`;
  if (day === undefined || !Number.isInteger(day) || day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate())
    return upToMonth;
  return `${upToMonth}-${String(day).padStart(2, '0')}`;
}

function agoDate(value: string, now: number): string | undefined {
  const ago = /\b(\d+|an?)\s+(second|minute|min|hour|day|week|month|year)s?\s+ago\b/i.exec(value);
  if (!ago) return undefined;
  const count = /^an?$/i.test(ago[1]!) ? 1 : Number(ago[1]);
  const unit = ago[2]!.toLowerCase();
  const date = daysBefore(count * UNIT_DAYS[unit]!, now);
  // "5 months ago" tells no day, "2 years ago" no month.
  return unit === 'month' ? date.slice(0, 7) : unit === 'year' ? date.slice(0, 4) : date;
}

const daysBefore = (days: number, now: number) => new Date(now - days * DAY_MS).toISOString().slice(0, 10);
