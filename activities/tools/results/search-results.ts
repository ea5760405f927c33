/** One result as the model sees it. */
export interface ShownHit {
  title: string;
  url: string;
  snippet: string;
  /** ISO 8601 date or time, or a Date; what is no day of the calendar (`2017`) is shown as it is. */
  published?: string | Date;
  /** Name of the site. */
  source?: string;
}

/** One query's results, in the format that S1 models were trained on. Several are joined by `joinBlocks`. */
export function searchResults(query: string, hits: ShownHit[]): string {
  const head = `A Search for '${query}' found ${hits.length} results:\n\n## Web Results`;
  if (hits.length === 0) return `${head}\n\nNothing was found. Try other words, fewer words, or another language.`;
  return [head, hits.map(shown).join('\n\n')].join('\n');
}

function shown({ title, url, snippet, published, source }: ShownHit, index: number): string {
  const lines = [`${index + 1}. [${linkText(title)}](${url})`];
  if (published) lines.push(`Date published: ${dateText(published)}`);
  if (source) lines.push(`Source: ${source}`);
  return [...lines, '', snippet].join('\n');
}

/** Brackets that do not pair would end the link's text. */
function linkText(title: string): string {
  const line = title.replace(/\s+/g, ' ').trim();
  return /[[\]]/.test(line.replace(/\[[^[\]]*\]/g, '')) ? line.replace(/[[\]]/g, '') : line;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function dateText(date: string | Date): string {
  const iso = date instanceof Date ? date.toISOString() : date;
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})(?:T|$)/.exec(iso) ?? [];
  return month ? `${MONTHS[Number(month) - 1]} ${Number(day)}, ${year}` : iso;
}
