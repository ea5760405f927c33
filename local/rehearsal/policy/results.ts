/** A result of a search. */
export interface Hit {
  title: string;
  url: string;
  snippet: string;
  /** Place in its list, from 1. */
  rank: number;
}

const HIT_LINE = /^(\d+)\. \[(.*)\]\((.+)\)\s*$/;

/** Hits of all queries of a search's result. */
export function readHits(text: string): Hit[] {
  const hits: Hit[] = [];
  for (const line of text.split('\n')) {
    const [, rank, title, url] = HIT_LINE.exec(line) ?? [];
    const last = hits.at(-1);
    if (url) hits.push({ rank: Number(rank), title: title ?? '', url, snippet: '' });
    else if (/^(A Search for '.*' found \d+ results:|-------|## Web Results)$/.test(line)) continue;
    else if (last && !/^(Date published|Source): /.test(line)) last.snippet += `${line}\n`;
  }
  return hits.map((hit) => ({ ...hit, snippet: hit.snippet.trim() }));
}

/** What a page or document holds for the goal. */
export interface OpenedPage {
  url: string;
  evidence: string;
}

const PAGE_LINE = /^The useful information in (.+?) for user goal [\s\S]*? as follows: *$/gm;

/** Pages of a visit's result. A page that could not be opened is left out, for its text is an error sentence. */
export function readPages(text: string): OpenedPage[] {
  const heads = [...text.matchAll(PAGE_LINE)];
  return heads.flatMap((head, index) => {
    const body = text.slice(head.index + head[0].length, heads[index + 1]?.index);
    const [, afterLabel = ''] = body.split(/^Evidence in page: *$/m, 2);
    const summaryAt = afterLabel.lastIndexOf('\nSummary:');
    const evidence = (summaryAt < 0 ? afterLabel : afterLabel.slice(0, summaryAt)).trim();
    return evidence ? [{ url: head[1] ?? '', evidence }] : [];
  });
}
