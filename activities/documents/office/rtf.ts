import { cellText, markdownTable } from '../markdown-table.ts';
import { MAX_TEXT, type ReadableDocument } from '../readable-document.ts';
import { markdownTitle, plainTextTitle } from '../titles.ts';

/** Groups whose text is not the document's. */
const LEFT_OUT =
  /^(?:fonttbl|colortbl|stylesheet|listtable|listoverridetable|info|pict|object|header[lrf]?|footer[lrf]?|generator|xmlnstbl|themedata|colorschememapping|datastore|latentstyles|rsidtbl|fldinst|bkmkstart|bkmkend)$/;

/** Words that stand for a character. */
const CHARACTERS: Record<string, string> = {
  line: '\n',
  tab: '\t',
  emdash: '—',
  endash: '–',
  lquote: '‘',
  rquote: '’',
  ldblquote: '“',
  rdblquote: '”',
  bullet: '•',
  emspace: ' ',
  enspace: ' ',
};

/** Windows' code pages, and the character sets of fonts that stand for them. */
const CODE_PAGES: Record<number, string> = {
  932: 'shift_jis',
  936: 'gb18030',
  949: 'euc-kr',
  950: 'big5',
  65001: 'utf-8',
};
const FONT_SETS: Record<number, number> = {
  ...{ 128: 932, 129: 949, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255, 178: 1256 },
  ...{ 186: 1257, 204: 1251, 222: 874, 238: 1250 },
};

interface Group {
  isLeftOut: boolean;
  isNote: boolean;
  inTable: boolean;
  /** 0 for what is no heading. */
  headingLevel: number;
  codePage: number;
  /** Characters after `\u` that stand in for it in old readers. */
  standIns: number;
}

/** Reads RTF: its text with headings, tables and notes; character sets as the file and its fonts say. */
export function readRtf(bytes: Uint8Array): ReadableDocument {
  const text = new RtfReader(Buffer.from(bytes).toString('latin1')).read();
  const title = markdownTitle(text) ?? plainTextTitle(text);
  return { kind: 'document', ...(title && { title }), text };
}

class RtfReader {
  readonly #source: string;
  readonly #groups: Group[] = [];
  readonly #fonts = new Map<number, number>();
  readonly #blocks: string[] = [];
  #rows: string[][] = [];
  #cells: string[] = [];
  #text = '';
  #bytes: number[] = [];
  #group: Group = {
    isLeftOut: false,
    isNote: false,
    inTable: false,
    headingLevel: 0,
    codePage: 1252,
    standIns: 1,
  };
  /** Of the font table: the font that is described. */
  #described: number | undefined;
  #skip = 0;
  #defaultPage = 1252;
  #length = 0;

  constructor(source: string) {
    this.#source = source;
  }

  read(): string {
    const token = /\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-f]{2})|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)|\\/giy;
    for (let match = token.exec(this.#source); match; match = token.exec(this.#source)) {
      const [, word, number, hex, symbol, brace, text] = match;
      if (word) {
        // What follows is raw bytes.
        if (word === 'bin') token.lastIndex += Math.max(0, Number(number ?? 0));
        else this.#word(word, number === undefined ? undefined : Number(number));
      } else if (hex) this.#byte(Number.parseInt(hex, 16));
      else if (symbol) this.#symbol(symbol);
      else if (brace === '{') this.#groups.push({ ...this.#group });
      else if (brace === '}') this.#group = this.#end();
      else if (text) this.#plain(text);
      if (this.#length > MAX_TEXT) break;
    }
    this.#paragraph();
    this.#table();
    return this.#blocks.join('\n\n');
  }

  #end(): Group {
    this.#flush();
    const outer = this.#groups.pop() ?? this.#group;
    if (this.#group.isNote && !outer.isNote) this.#text = `${this.#text.replace(/\[note:\s+/, '[note: ').trimEnd()}]`;
    return outer;
  }

  #word(word: string, number: number | undefined): void {
    if (word !== 'u') this.#flush();
    if (LEFT_OUT.test(word)) this.#group.isLeftOut = true;
    if (word === 'f' && number !== undefined) {
      this.#described = number;
      this.#group.codePage = this.#fonts.get(number) ?? this.#defaultPage;
    }
    if (word === 'fcharset' && this.#described !== undefined && FONT_SETS[number ?? 0]) {
      this.#fonts.set(this.#described, FONT_SETS[number ?? 0]!);
    }
    if (word === 'footnote') this.#note();
    if (this.#group.isLeftOut) return;
    if (word === 'ansicpg' && number) this.#group.codePage = this.#defaultPage = number;
    else if (word === 'uc') this.#group.standIns = Math.min(Math.max(number ?? 1, 0), 10);
    else if (word === 'u') this.#unicode(number ?? 63);
    else if (word === 'par' || word === 'sect' || word === 'page') this.#paragraph();
    else if (word === 'intbl') this.#group.inTable = true;
    else if (word === 'pard') this.#group = { ...this.#group, inTable: false, headingLevel: 0 };
    else if (word === 'outlinelevel') this.#group.headingLevel = Math.min(Math.max((number ?? -1) + 1, 0), 6);
    else if (word === 'cell' || word === 'nestcell') this.#cell();
    else if (word === 'row' || word === 'nestrow') this.#row();
    else if (CHARACTERS[word]) this.#plain(CHARACTERS[word]);
  }

  /** A note is a group that a reader need not know, and wants to. */
  #note(): void {
    this.#group.isLeftOut = this.#groups.at(-1)?.isLeftOut ?? false;
    this.#add(' [note: ');
    this.#group.isNote = true;
  }

  #symbol(symbol: string): void {
    // Groups that a reader need not know.
    if (symbol === '*') this.#group.isLeftOut = true;
    else if (symbol === '~') this.#plain(' ');
    else if (symbol === '_') this.#plain('-');
    else if (symbol === '\n' || symbol === '\r') this.#paragraph();
    else if (/[\\{}]/.test(symbol)) this.#plain(symbol);
  }

  #unicode(number: number): void {
    this.#flush();
    this.#add(String.fromCharCode(number < 0 ? number + 65_536 : number));
    this.#skip = this.#group.standIns;
  }

  #byte(byte: number): void {
    if (this.#skip > 0) this.#skip--;
    else if (!this.#group.isLeftOut) this.#bytes.push(byte);
  }

  #plain(text: string): void {
    const rest = this.#skip > 0 ? text.slice(this.#skip) : text;
    this.#skip = Math.max(0, this.#skip - text.length);
    // Bytes beyond ASCII may also stand as they are.
    if (/[\x80-\xff]/.test(rest)) for (const byte of Buffer.from(rest, 'latin1')) this.#byte(byte);
    else if (rest) {
      this.#flush();
      this.#add(rest);
    }
  }

  #flush(): void {
    if (this.#bytes.length === 0) return;
    const page = this.#group.codePage;
    const bytes = Uint8Array.from(this.#bytes);
    this.#bytes = [];
    this.#add(decoderOf(page).decode(bytes));
  }

  #add(text: string): void {
    if (this.#group.isLeftOut) return;
    this.#text += text;
    this.#length += text.length;
  }

  #paragraph(): void {
    if (this.#group.isLeftOut) return;
    this.#flush();
    const { inTable, isNote, headingLevel } = this.#group;
    if (inTable || isNote) {
      this.#text += isNote ? ' ' : '\n';
      return;
    }
    this.#table();
    // After the mark of a list's item.
    const text = this.#text.trim().replace(/^(\S{1,8})\t/, '$1 ');
    if (text) this.#blocks.push(headingLevel > 0 ? `${'#'.repeat(headingLevel)} ${text}` : text);
    this.#text = '';
  }

  #cell(): void {
    this.#flush();
    this.#cells.push(cellText(this.#text));
    this.#text = '';
  }

  #row(): void {
    if (this.#cells.length > 0) this.#rows.push(this.#cells);
    this.#cells = [];
  }

  #table(): void {
    this.#row();
    if (this.#rows.length > 0) this.#blocks.push(markdownTable(this.#rows));
    this.#rows = [];
  }
}

function decoderOf(page: number) {
  try {
    return new TextDecoder(CODE_PAGES[page] ?? `windows-${page}`);
  } catch {
    return new TextDecoder('windows-1252');
  }
}
