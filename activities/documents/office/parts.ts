import type { Archive } from '../archive/archive.ts';
import type { DomElement } from '../html/dom.ts';
import { parseXml } from '../parse-xml.ts';

/** Reads the parts of an office file, which is a ZIP file of XML. */
export class OfficeParts {
  readonly #archive: Archive;
  readonly #names: ReadonlySet<string>;

  constructor(archive: Archive) {
    this.#archive = archive;
    this.#names = new Set(archive.members.map(({ name }) => name));
  }

  has(part: string): boolean {
    return this.#names.has(part);
  }

  async bytes(part: string): Promise<Uint8Array | undefined> {
    return this.has(part) ? this.#archive.read(part) : undefined;
  }

  async text(part: string): Promise<string | undefined> {
    const bytes = await this.bytes(part);
    return bytes && new TextDecoder(bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8').decode(bytes);
  }

  async xml(part: string): Promise<DomElement | undefined> {
    const text = await this.text(part);
    return text === undefined ? undefined : parseXml(text);
  }

  /** What a part refers to, by the ids in it: other parts by their names, and addresses outside the file. */
  async relations(part: string): Promise<Map<string, Relation>> {
    const folder = part.slice(0, part.lastIndexOf('/') + 1);
    const root = await this.xml(`${folder}_rels/${part.slice(folder.length)}.rels`);
    const relations = new Map<string, Relation>();
    for (const child of root?.children ?? []) {
      const [id, target, type] = ['Id', 'Target', 'Type'].map((name) => child.getAttribute(name) ?? '');
      const isOutside = child.getAttribute('TargetMode') === 'External';
      relations.set(id!, {
        target: isOutside ? target! : joined(folder, target!),
        isOutside,
        type: type!.slice(type!.lastIndexOf('/') + 1),
      });
    }
    return relations;
  }

  /** The document's title, as its properties have it. */
  async title(): Promise<string | undefined> {
    const properties = (await this.xml('docProps/core.xml')) ?? (await this.xml('meta.xml'));
    const title = properties && firstNamed(properties, 'dc:title')?.textContent?.replace(/\s+/g, ' ').trim();
    return title && !/^(?:untitled|powerpoint presentation|microsoft word - )/i.test(title) ? title : undefined;
  }
}

export interface Relation {
  target: string;
  isOutside: boolean;
  /** The last word of its type: `slide`, `notesSlide`, `hyperlink`. */
  type: string;
}

/** A part's name from one that is relative to a folder. */
export function joined(folder: string, target: string): string {
  const path: string[] = [];
  for (const segment of `${target.startsWith('/') ? '' : folder}${target}`.split('/')) {
    if (segment === '..') path.pop();
    else if (segment !== '' && segment !== '.') path.push(segment);
  }
  return path.join('/');
}

/** Elements below another, itself left out, in the order of the text, by their name with its prefix. */
export function* allNamed(root: DomElement, ...names: string[]): Generator<DomElement> {
  for (const child of root.children) {
    if (names.includes(child.localName)) yield child;
    yield* allNamed(child, ...names);
  }
}

export const firstNamed = (root: DomElement, ...names: string[]): DomElement | undefined =>
  allNamed(root, ...names).next().value ?? undefined;

export const childNamed = (element: DomElement | undefined, name: string): DomElement | undefined =>
  element && [...element.children].find(({ localName }) => localName === name);
