import { type DomDocument, type DomElement, type DomNode, textOf } from './dom.ts';

/** Puts in the page what only a browser shows: images that load late, answers that open, ticks, formulas. */
export function preparePage(page: DomDocument): void {
  showLateImages(page);
  openAnswers(page);
  writeTicks(page);
  writeFormulas(page);
  separateLinks(page);
  for (const heading of page.querySelectorAll('h1')) heading.setAttribute('data-level', '1');
  // Readability takes a table for layout, and drops it, unless something says that it has data.
  for (const table of page.querySelectorAll('table')) {
    if (table.querySelectorAll('tr').length > 1 && !table.querySelector('table')) table.setAttribute('summary', 'data');
  }
}

const LATE_SOURCES = ['data-src', 'data-original', 'data-lazy-src', 'data-actualsrc'];

function showLateImages(page: DomDocument): void {
  for (const image of page.querySelectorAll('img')) {
    const src = image.getAttribute('src') ?? '';
    if (src !== '' && !src.startsWith('data:')) continue;
    const late = LATE_SOURCES.map((name) => image.getAttribute(name));
    const url = late.find((value) => value) ?? image.getAttribute('data-srcset')?.trim().split(/\s/)[0];
    if (url) image.setAttribute('src', url);
    // Else Readability would put the relative address back.
    for (const name of LATE_SOURCES) image.removeAttribute(name);
  }
}

/** A button with the panel that it opens becomes a question with its answer. */
function openAnswers(page: DomDocument): void {
  for (const button of page.querySelectorAll('button[aria-expanded], [role="button"][aria-expanded]')) {
    const id = button.getAttribute('aria-controls');
    const named = id && /^[\w-]+$/.test(id) ? page.querySelector(`[id="${id}"]`) : null;
    const panel = named ?? (button.closest('h2, h3, h4, h5, dt') ?? button).nextElementSibling;
    const question = textOf(button);
    if (!panel || question.length < 12 || textOf(panel).length < 20 || /menu|nav/i.test(panel.className)) continue;
    for (const name of ['hidden', 'aria-hidden', 'style']) panel.removeAttribute(name);
    const title = page.createElement('p');
    const strong = page.createElement('strong');
    strong.append(question);
    title.append(strong);
    button.replaceWith(title);
  }
}

function writeTicks(page: DomDocument): void {
  for (const box of page.querySelectorAll('li input[type="checkbox"]'))
    box.replaceWith(box.hasAttribute('checked') ? '[x] ' : '[ ] ');
}

/** Formulas come with their TeX as a note for programs; without it their letters are taken. */
function writeFormulas(page: DomDocument): void {
  for (const formula of page.querySelectorAll('math')) {
    const tex =
      formula.getAttribute('alttext') ?? formula.querySelector('annotation[encoding="application/x-tex"]')?.textContent;
    formula.replaceWith(tex ? `$${tex.trim()}$` : textOf(formula).replace(/\s+/g, ''));
  }
}

/** Style sheets set links apart from what follows them; a text needs a blank. */
function separateLinks(page: DomDocument): void {
  for (const link of page.querySelectorAll('a + span, a + a, a + time, a + small, a + div, span + a')) {
    const before = link.previousSibling;
    const isApart =
      before?.nodeType !== 1 || /\s$/.test(before.textContent ?? '') || /^\s/.test(link.textContent ?? '');
    if (!isApart && isWordEnd(before, link) && !link.closest('pre, code')) link.before(' ');
  }
}

const isWordEnd = (before: DomNode, after: DomElement): boolean =>
  /[\p{L}\p{N})]$/u.test(before.textContent ?? '') && /^[\p{L}\p{N}(]/u.test(after.textContent ?? '');
