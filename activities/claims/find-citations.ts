/** A place in an answer that names a source. */
export interface CitedPlace {
  /** Address or name as written; `[3]` for a number that leads nowhere. */
  source: string;
  at: number;
}

/** Markdown's and people's ways to give a number or a label its source. */
type Labels = Map<string, string>;

const URL_TEXT = /(?:https?:\/\/|\bwww\.(?=[^\s.]+\.))[^\s<>"“”「」『』【】（）《》，。；！？、|`\\]+/gi;
const FILE =
  /(?:[\p{L}\p{N}_~@%+.-]{1,60}\/){0,8}[\p{L}\p{N}_~@%+-][\p{L}\p{N}_~@%+. -]{0,100}?\.(?:pdf|md|txt|html?|docx?|xlsx?|pptx?|odt|csv|tsv|json|rtf|epub)\b/giu;

/** Headings over a list of sources. */
const LIST_HEADING =
  /^[#*\s_]*(?:sources?|references?|citations?|bibliography|works cited|quellen|literatur|références|fuentes|fonti|参考文献|参考资料|參考資料|资料来源|來源|来源|引用|出典|参考)[\s*_:：]*$/i;

const LIST_ITEM = /^\s*(?:[-*+]\s+)?(?:\[?\^?(\d{1,3})\]?[.):：]?|【(\d{1,3})】)\s+/;
const DEFINITION = /^ {0,3}\[(\^?[^\]\n]{1,80})\]:[ \t]*(.*)$/;

/** The sources that an answer cites, in its order: links, bare addresses, footnotes and their lists, names of files. */
export function findCitations(answer: string): CitedPlace[] {
  const text = withoutCode(answer);
  const labels: Labels = new Map();
  const places: CitedPlace[] = [];
  const rest = takeLinks(takeDefinitions(text, labels, places), labels, places);
  for (const match of rest.matchAll(URL_TEXT)) places.push({ source: trimmedUrl(match[0]), at: match.index });
  const plain = rest.replace(URL_TEXT, blank);
  takeNumbers(plain, labels, places);
  takeFiles(plain, answer, places);
  return places.sort((a, b) => a.at - b.at);
}

/** Blanks of the same length, so that places stay where they are. */
const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

/** Without blocks of code; names in `code` within a line stay. */
export const withoutCode = (text: string): string =>
  text.replace(/^ {0,3}(`{3,}(?!`)|~{3,}(?!~))[^\n]*\n[\s\S]*?(?:^ {0,3}\1[`~]*[ \t]*$|$(?![\s\S]))/gm, blank);

/** A sentence's end, and a bracket that opened before the address, do not belong to it. */
function trimmedUrl(url: string): string {
  let end = url.replace(/[.,;:!?'*_]+$/, '');
  while (/[)\]]$/.test(end) && count(end, /[)\]]/g) > count(end, /[([]/g))
    end = end.slice(0, -1).replace(/[.,;:!?'*_]+$/, '');
  return /^www\./i.test(end) ? `https://${end}` : end;
}

const count = (text: string, what: RegExp): number => text.match(what)?.length ?? 0;

/** `[label]: address`, footnotes, and the numbered lines below a heading such as "Sources". */
function takeDefinitions(text: string, labels: Labels, places: CitedPlace[]): string {
  let inList = false;
  let from = 0;
  const lines = text.split('\n').map((line) => {
    const at = from;
    from += line.length + 1;
    if (LIST_HEADING.test(line)) inList = true;
    else if (inList && /^#{1,6}\s/.test(line)) inList = false;
    const definition = DEFINITION.exec(line);
    const item = definition ? null : LIST_ITEM.exec(line);
    const isListed = inList || /^\s*(?:[-*+]\s+)?[[【]/.test(line);
    const label = definition?.[1] ?? (isListed ? (item?.[1] ?? item?.[2]) : undefined);
    if (label === undefined) return line;
    const head = definition ? line.length - definition[2]!.length : item![0].length;
    const told = line.slice(head).trim();
    const source = sourceIn(told);
    // A book or a paper that is named and has no address.
    if (source === undefined && inList && told !== '') places.push({ source: told, at });
    else if (source === undefined) return line;
    labels.set(labelOf(label), source ?? told);
    // Its own number cites nothing.
    return blank(line.slice(0, head)) + line.slice(head);
  });
  return lines.join('\n');
}

const labelOf = (label: string): string => label.replace(/^\^/, '').trim().toLowerCase();

function sourceIn(told: string): string | undefined {
  const linked = /\]\(\s*<?([^\s)>]+)/.exec(told)?.[1];
  const url = told.match(URL_TEXT)?.[0];
  return linked ?? (url ? trimmedUrl(url) : told.match(FILE)?.[0]?.trim());
}

/** `[text](address)`, `[text][label]`, `<address>`. Images are no citations. */
function takeLinks(text: string, labels: Labels, places: CitedPlace[]): string {
  const inline =
    /(!?)\[((?:[^[\]\n]|\[[^\]\n]{0,100}\]){0,400})\]\(\s{0,9}<?((?:[^\s()<>]|\([^\s()]{0,200}\)){1,3000})>?(?:\s{1,9}["'][^"'\n]{0,300}["'])?\s{0,9}\)/g;
  const rest = text.replace(inline, (whole, image: string, _, address: string, at: number) => {
    if (!image && isSource(address)) places.push({ source: address, at });
    return blank(whole);
  });
  return rest.replace(
    /\[([^[\]\n]{1,400})\]\[([^[\]\n]{0,80})\]/g,
    (whole, words: string, label: string, at: number) => {
      const source = labels.get(labelOf(label || words));
      if (source === undefined) return whole;
      places.push({ source, at });
      return blank(whole);
    },
  );
}

/** An address of the web, or a document: no mail, no place within the answer. */
const isSource = (address: string): boolean =>
  /^https?:\/\//i.test(address) ||
  (!/^(?:[a-z][a-z0-9+.-]*:|#|\/\/)/i.test(address) && /\.\w{2,5}(?:#.*)?$/.test(address));

/** `[3]`, `[1, 2]`, `[^note]`, `【3】`: by their lists, else as they are. */
function takeNumbers(text: string, labels: Labels, places: CitedPlace[]): void {
  for (const match of text.matchAll(
    /(?:\[(\^[^\]\n]{1,80}|\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)\]|【(\d{1,3})(?:†[^】]*)?】)/g,
  )) {
    for (const label of numbersOf(match[1] ?? match[2]!)) {
      places.push({ source: labels.get(labelOf(label)) ?? `[${label}]`, at: match.index });
    }
  }
}

function numbersOf(written: string): string[] {
  if (written.startsWith('^')) return [written];
  return written.split(/[,;]/).flatMap((part) => {
    const [from, to = from] = part.split(/[–-]/).map(Number);
    const size = to! - from! + 1;
    return size > 0 && size <= 20 ? Array.from({ length: size }, (_, i) => String(from! + i)) : [String(from)];
  });
}

/** Names of files where they stand as a source: in brackets, as code, or after a word for it. */
function takeFiles(text: string, answer: string, places: CitedPlace[]): void {
  const told =
    /(?:[(（[【`]|(?:sources?|see|from|in|according to|quelle|siehe|laut|来源|出处|见)\s*[:：]?\s+[`"*_]*)$/i;
  for (const match of text.matchAll(FILE)) {
    const before = answer.slice(Math.max(0, match.index - 30), match.index);
    if (told.test(before)) places.push({ source: match[0].trim(), at: match.index });
  }
}
