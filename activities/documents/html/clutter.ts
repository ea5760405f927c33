import { type DomDocument, type DomElement, namesOf, textOf } from './dom.ts';

const NEVER =
  'title, script, style, noscript, template, svg, canvas, iframe, object, nav, dialog, [role="navigation"], [role="dialog"], [aria-modal="true"], [hidden], .katex-html, .MathJax_Preview, .mw-editsection, .sr-only, .visually-hidden, .screen-reader-text';

const HIDDEN = /(?:display\s*:\s*none|visibility\s*:\s*hidden)/i;

/** Consent to cookies, whatever it is made of. */
const CONSENT = /(?:^|[\s_-])(?:cookie|cookies|consent|gdpr|onetrust|didomi|cmp|ccpa)/i;

/** What sites put around their content, by the names they give it. */
const FRAME =
  /(?:^|[\s_-])(?:nav|navbar|navigation|menu|topbar|top-?bar|gnb|gnav|crumbs?|breadcrumbs?|position|footer|foot|copyright|copy|sidebar|side|share|sharing|social|related|recommended|recommendations|also|hot|rank|newsletter|subscribe|signup|toolbar|login|promo|sponsored|advert|advertisement|ads?|tags|skip|breaking-bar|kicker-nav)(?:$|[\s_-])/i;

/** The button that opens a link's place for editing, in the languages of the large wikis. */
const EDIT =
  /^[[［(]?\s*(?:edit|edit source|编辑|編輯|編集|편집|bearbeiten|modifier|editar|modifica|править|bewerken|edytuj)\s*[\])］]?$/i;

/** Removes what is no content on any page. */
export function removeClutter(page: DomDocument): void {
  for (const element of page.querySelectorAll(NEVER)) element.remove();
  for (const element of page.querySelectorAll('[style], [aria-hidden="true"]')) {
    const isHidden = HIDDEN.test(element.getAttribute('style') ?? '');
    if (isHidden || (element.hasAttribute('aria-hidden') && textOf(element).length < 300)) element.remove();
  }
  for (const element of page.querySelectorAll('div, section, aside, form')) {
    if (CONSENT.test(namesOf(element)) && !element.querySelector('h1, article, main') && textOf(element).length < 3000)
      element.remove();
  }
  for (const element of page.querySelectorAll('h1 span, h2 span, h3 span, h4 span, h1 a, h2 a, h3 a, h4 a')) {
    if (EDIT.test(textOf(element))) element.remove();
  }
  for (const link of page.querySelectorAll('a[href^="#"]')) {
    if (/^(?:skip|jump) to\b/i.test(textOf(link))) link.remove();
  }
}

/** Removes a site's frame from around and within its content: menus, footers, what else there is to read. */
export function removeFrame(root: DomElement): void {
  const whole = textOf(root).length;
  const isSmall = (element: DomElement) => textOf(element).length < whole * 0.3;
  for (const element of root.querySelectorAll('header, footer, aside, form')) {
    if (!element.querySelector('h1') && !element.closest('article header') && isSmall(element) && isFrame(element))
      element.remove();
  }
  for (const element of root.querySelectorAll('div, section, ul, p, td, span')) {
    if (isFrameName(element) && !element.querySelector('h1') && isSmall(element) && isMostlyLinks(element))
      element.remove();
  }
  removeRepeatedBars(root);
}

/** Whether a site names it as a part of what is around its content. */
export const isFrameName = (element: DomElement): boolean => FRAME.test(namesOf(element));

const isFrame = (element: DomElement): boolean => element.localName !== 'header' || isMostlyLinks(element);

/** Or so short that nothing is lost. */
function isMostlyLinks(element: DomElement): boolean {
  const length = textOf(element).length;
  return length < 60 || linkLength(element) > length * 0.5;
}

const linkLength = (element: DomElement): number =>
  [...element.querySelectorAll('a, button')].reduce((sum, link) => sum + textOf(link).length, 0);

/** The same few links below each of many posts: answer, quote, report. */
function removeRepeatedBars(root: DomElement): void {
  const bars = new Map<string, DomElement[]>();
  for (const element of root.querySelectorAll('div, ul, p, span, td')) {
    const links = element.querySelectorAll('a, button');
    if (links.length < 2 || links.length > 8) continue;
    const text = textOf(element);
    if (text.length > 80 || linkLength(element) < text.replace(/[\s|·•,]/g, '').length * 0.8) continue;
    const same = bars.get(text);
    if (same) same.push(element);
    else bars.set(text, [element]);
  }
  for (const same of bars.values()) if (same.length >= 3) for (const element of same) element.remove();
}
