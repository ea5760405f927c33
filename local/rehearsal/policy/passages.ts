/** A stretch of a document that may be quoted: a list item, a sentence or two, a table row, a code block. */
export interface Passage {
  /** Word for word, with runs of white space as one blank. */
  text: string;
  /** The nearest heading above. */
  heading: string;
  kind: 'item' | 'sentence' | 'row' | 'code';
}

/** An item longer than this is taken apart into sentences. */
const MAX_ITEM_CHARS = 700;
const MAX_CODE_CHARS = 400;

/** As documents have it, or as `visit` says under which headings a passage stands. */
const HEADING = /^(?:#{1,6}\s+(.*)|\[(.* > .*)\])$/;
const ITEM = /^\s*(?:[-*+•]|\d+[.)])\s+(.*)$/;
const ROW = /^\s*\|.*\|\s*$/;
const FENCE = /^\s*(?:```|~~~)/;
const SENTENCE_END = /(?<=[.!?]["')\]`*]*)\s+(?=[\p{Lu}\p{N}`*"'([_])|(?<=[。！？；][”’」』]*)\s*/u;

interface Block {
  kind: 'item' | 'paragraph' | 'row' | 'code';
  lines: string[];
  heading: string;
}

export function splitPassages(text: string): Passage[] {
  return blocksOf(text.replace(/<!--[\s\S]*?-->/g, ''))
    .flatMap(passagesOf)
    .filter(({ text: passage }) => /[\p{L}\p{N}]/u.test(passage));
}

function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let heading = '';
  let open: Block | undefined;
  const start = (kind: Block['kind'], line: string): Block => {
    const block = { kind, lines: [line], heading };
    blocks.push(block);
    return block;
  };
  for (const quoted of text.split(/\r?\n/)) {
    const line = quoted.replace(/^\s*>\s?/, '');
    const [isHeading, marked, trail] = HEADING.exec(line) ?? [];
    const item = ITEM.exec(line)?.[1];
    if (open?.kind === 'code') {
      if (FENCE.test(line)) open = undefined;
      else open.lines.push(line);
    } else if (FENCE.test(line)) {
      open = start('code', '');
    } else if (isHeading !== undefined) {
      heading = marked ?? trail ?? '';
      open = undefined;
    } else if (line.trim() === '' || /^\s*(?:-{3,}|\*{3,})\s*$/.test(line)) {
      open = undefined;
    } else if (ROW.test(line)) {
      if (!/^[\s|:-]+$/.test(line)) start('row', line.trim());
      open = undefined;
    } else if (item !== undefined) {
      open = start('item', item);
    } else if (open) {
      open.lines.push(line);
    } else {
      open = start('paragraph', line);
    }
  }
  return blocks;
}

function passagesOf({ kind, lines, heading }: Block): Passage[] {
  const text = lines.join(' ').replace(/\s+/g, ' ').trim();
  if (kind === 'code') return text.length > MAX_CODE_CHARS ? [] : [{ text, heading, kind }];
  if (kind === 'row') return [{ text, heading, kind }];
  if (kind === 'item' && text.length <= MAX_ITEM_CHARS) return [{ text, heading, kind }];
  const sentences = text.split(SENTENCE_END).filter((sentence) => sentence !== '');
  const gap = /[。！？；]/.test(text) ? '' : ' ';
  const pairs = sentences.slice(1).map((right, index) => `${sentences[index]}${gap}${right}`);
  return [...sentences, ...pairs].map((sentence) => ({ text: sentence, heading, kind: 'sentence' }));
}
