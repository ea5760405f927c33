import type { DomElement } from '../html/dom.ts';
import { parseXml } from '../parse-xml.ts';

/** An equation's text, which nests, is not searched for beyond this, in characters. */
const EQUATION = /<m:oMath(?:\s[^>]{0,5000})?>[\s\S]{0,100000}?<\/m:oMath>/g;

/**
 * Puts plain runs of text in the place of a Word document's equations, which its reader leaves out: `E=(m/2)v^2`.
 */
export function withPlainEquations(xml: string): string {
  if (!xml.includes('<m:oMath')) return xml;
  return xml.replace(EQUATION, (equation) => {
    const root = parseXml(equation);
    const text = root ? linear(root) : '';
    return `<w:r><w:t xml:space="preserve">${escaped(text)}</w:t></w:r>`;
  });
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const part = (element: DomElement, name: string): string => {
  const child = [...element.children].find(({ localName }) => localName === name);
  return child ? linear(child) : '';
};

/** One character, number or name needs no brackets. */
const grouped = (text: string): string => (/^(?:[\p{L}\p{N}.]+|.)?$/u.test(text) ? text : `(${text})`);

const FORMS: Record<string, (element: DomElement) => string> = {
  'm:t': (element) => element.textContent ?? '',
  'm:f': (element) => `(${grouped(part(element, 'm:num'))}/${grouped(part(element, 'm:den'))})`,
  'm:sSup': (element) => `${part(element, 'm:e')}^${grouped(part(element, 'm:sup'))}`,
  'm:sSub': (element) => `${part(element, 'm:e')}_${grouped(part(element, 'm:sub'))}`,
  'm:sSubSup': (element) =>
    `${part(element, 'm:e')}_${grouped(part(element, 'm:sub'))}^${grouped(part(element, 'm:sup'))}`,
  'm:rad': (element) => {
    const degree = part(element, 'm:deg');
    return `${grouped(degree)}√(${part(element, 'm:e')})`;
  },
  'm:nary': (element) => {
    const sign = operator(element) ?? '∫';
    const [from, to] = [part(element, 'm:sub'), part(element, 'm:sup')];
    return `${sign}${from ? `_${grouped(from)}` : ''}${to ? `^${grouped(to)}` : ''} ${part(element, 'm:e')}`;
  },
  'm:d': (element) => {
    const inner = [...element.children].filter(({ localName }) => localName === 'm:e').map(linear);
    return `(${inner.join(', ')})`;
  },
  'm:mr': (element) => `${[...element.children].map(linear).join(', ')}; `,
};

function operator(element: DomElement): string | undefined {
  const properties = [...element.children].find(({ localName }) => localName === 'm:naryPr');
  const character = properties && [...properties.children].find(({ localName }) => localName === 'm:chr');
  return character?.getAttribute('m:val') ?? undefined;
}

function linear(element: DomElement): string {
  const form = FORMS[element.localName];
  return form
    ? form(element)
    : [...element.children].map((child) => (FORMS[child.localName] ?? linear)(child)).join('');
}
