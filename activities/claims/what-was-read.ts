import type { Source } from '../../protocol/tool-call.ts';
import type { CallRecord, Segment } from '../../protocol/trajectory.ts';
import { normalText } from '../reading/normal-text.ts';
import { sourceKey } from './source-key.ts';

/** A text that a session got to read. */
export interface ReadText {
  /** The source it is from, as a key; absent for what no source has, such as a program's output. */
  key?: string;
  /** What people call it: an address, a file's name, or the call. */
  name: string;
  text: string;
}

/** What a session had before it when it answered. */
export interface WhatWasRead {
  texts: ReadText[];
  /** Keys of the sources that were opened. */
  opened: Set<string>;
  /** Of these, as they are compared. */
  titles: { title: string; key: string }[];
  /** Keys of addresses that stood in results, opened or not. */
  listed: Set<string>;
  /** All results, for names of documents in them; in lower case. */
  results: string;
}

/** A shorter title may stand in another, in normal characters. */
const LEAST_TITLE = 10;

/** Everything the tools brought in all segments of a session. */
export function whatWasRead(segments: readonly Segment[], sources: readonly Source[]): WhatWasRead {
  const calls = segments.flatMap(({ rounds }) => rounds.flatMap((round) => round.calls));
  const done = calls.filter((call) => call.state === 'done' && call.result !== undefined);
  const results = done.map((call) => call.result!).join('\n');
  return {
    texts: done.flatMap(textsOf),
    opened: new Set(sources.map(({ url }) => sourceKey(url))),
    titles: sources.flatMap(({ url, title = '' }) => {
      const { text } = normalText(title);
      return text.length >= LEAST_TITLE ? [{ title: text, key: sourceKey(url) }] : [];
    }),
    listed: new Set(Array.from(results.matchAll(/https?:\/\/[^\s<>"'`\\]+/gi), ([url]) => sourceKey(trimmed(url)))),
    results: results.toLowerCase(),
  };
}

/** As in Markdown links and at the end of sentences. */
function trimmed(url: string): string {
  const end = url.replace(/\]\(.*$/s, '').replace(/[.,;:!?*_]+$/, '');
  return end.split('(').length < end.split(')').length ? end.replace(/\)[^)]*$/, '') : end;
}

/** What pages say; the summaries beside it are a model's words. */
const VISITED =
  /The useful information in (.+?) for user goal [\s\S]*?as follows: ?\n\nEvidence in page: ?\n([\s\S]*?)(?=\n\nSummary: ?\n|$(?![\s\S]))/g;
const FILE = /(?:^|\n\n-------\n\n)Content of (.+?) \([^\n]*\)[^\n]*:\n\n([\s\S]*?)(?=\n\n-------\n\n|$(?![\s\S]))/g;
const HIT = /^\d+\. \[(.*)\]\((\S+)\)\n([\s\S]*?)(?=\n\n\d+\. \[|\n\n-------\n\n|$(?![\s\S]))/gm;

function textsOf(call: CallRecord): ReadText[] {
  const result = call.result!;
  switch (call.name) {
    case 'visit':
      return Array.from(result.matchAll(VISITED), ([, url = '', text = '']) => of(url, text));
    case 'parse_file':
      return Array.from(result.matchAll(FILE), ([, path = '', text = '']) => of(path, text));
    case 'search':
    case 'google_scholar':
    case 'image_search':
      return Array.from(result.matchAll(HIT), ([, title, url = '', text]) => of(url, `${title}\n${text}`));
    default:
      return [{ name: `${call.name} (${call.id})`, text: result }];
  }
}

const of = (name: string, text: string): ReadText => ({ key: sourceKey(name), name, text });
