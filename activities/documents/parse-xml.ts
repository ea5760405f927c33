import { DOMParser } from 'linkedom';
import type { DomElement } from './html/dom.ts';

/** The root element of a text in XML; undefined where there is none. */
export function parseXml(text: string): DomElement | undefined {
  const { documentElement } = new DOMParser().parseFromString(text, 'text/xml') as unknown as {
    documentElement: DomElement | null;
  };
  return documentElement ?? undefined;
}
