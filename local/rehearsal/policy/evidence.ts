import { strings } from './calls.ts';
import type { Conversation } from './conversation.ts';
import { type Hit, readHits, readPages } from './results.ts';

/** A text that an answer may be drawn from. */
export interface Evidence {
  /** URL or file name, as the tools gave it. */
  source: string;
  title: string;
  text: string;
  /** How far it is to be trusted: 1 for what was read, less for excerpts of a search. */
  trust: number;
}

/** A hit with its place in every list that has it. */
export type FoundHit = Hit & { places: number[] };

/** What was found so far. */
export interface Findings {
  evidence: Evidence[];
  /** Hits of all searches, each URL once, in the order they were found. */
  hits: FoundHit[];
  /** Lower case. */
  queries: Set<string>;
  /** URLs asked for, whether or not they could be opened. */
  opened: Set<string>;
  files: Set<string>;
}

const SEARCHES = new Set(['search', 'google_scholar']);
const FILE_ARGUMENT: Record<string, string> = {
  parse_file: 'files',
  ask_question_about_image: 'image_path',
  ask_question_about_video: 'video_path',
};

export function gather(conversation: Conversation): Findings {
  const hits = new Map<string, FoundHit>();
  const findings: Findings = {
    evidence: readCarried(conversation.summary ?? ''),
    hits: [],
    queries: new Set(),
    opened: new Set(),
    files: new Set(),
  };
  for (const line of (conversation.summary ?? '').split('\n')) {
    if (line.startsWith(OPENED_LABEL)) findings.opened.add(line.slice(OPENED_LABEL.length));
  }
  for (const round of [...conversation.earlierRounds, ...conversation.rounds]) {
    round.calls.forEach((call, index) => {
      const result = round.results[index] ?? '';
      const fileArgument = FILE_ARGUMENT[call.name];
      if (SEARCHES.has(call.name)) {
        for (const query of strings(call.arguments.query)) findings.queries.add(query.toLowerCase());
        for (const hit of readHits(result)) {
          const known = hits.get(hit.url);
          if (known) known.places.push(hit.rank);
          else hits.set(hit.url, { ...hit, places: [hit.rank] });
        }
      } else if (call.name === 'visit') {
        for (const url of strings(call.arguments.url)) findings.opened.add(url);
        for (const { url, evidence } of readPages(result)) {
          findings.evidence.push({ source: url, title: hits.get(url)?.title ?? '', text: evidence, trust: 1 });
        }
      } else if (fileArgument) {
        const names = strings(call.arguments[fileArgument]);
        for (const name of names) findings.files.add(name);
        findings.evidence.push({ source: names.join(', '), title: '', text: result, trust: 1 });
      }
    });
  }
  findings.hits = [...hits.values()];
  const read = new Set(findings.evidence.map(({ source }) => source));
  for (const { url, title, snippet } of findings.hits) {
    if (snippet && !read.has(url)) findings.evidence.push({ source: url, title, text: snippet, trust: 0.7 });
  }
  return findings;
}

/** A quotation with where it stands, as answers and summaries write it. */
export const quotation = (text: string, source: string): string => `“${text}” — ${source}`;

/** Begins a line of a summary that names an opened URL. */
export const OPENED_LABEL = 'Opened: ';

function readCarried(summary: string): Evidence[] {
  return [...summary.matchAll(/^- “(.+)” — (.+)$/gm)].map(([, text = '', source = '']) => ({
    source,
    title: '',
    text,
    trust: 1,
  }));
}
