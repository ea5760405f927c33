import type { DomDocument } from './dom.ts';

/** Makes the addresses of links and images absolute, by the page's `base` where it has one. */
export function absoluteLinks(page: DomDocument, url: string): void {
  const base = resolve(page.querySelector('base[href]')?.getAttribute('href') ?? url, url) ?? url;
  for (const [selector, name] of [
    ['a[href]', 'href'],
    ['img[src]', 'src'],
  ] as const) {
    for (const element of page.querySelectorAll(selector)) {
      const link = element.getAttribute(name)!;
      if (!link.startsWith('#') && !link.startsWith('data:')) element.setAttribute(name, resolve(link, base) ?? link);
    }
  }
}

const resolve = (link: string, base: string): string | undefined => URL.parse(link, base)?.href;
