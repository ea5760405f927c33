import type { Page } from './pages.ts';

/** Where a person stands in a trajectory, and what they look for. */
export interface Walker {
  page: number;
  /** First line of the page that is shown. */
  top: number;
  /** What is looked for, in lower case. */
  search: string;
  /** What is being typed after `/`. */
  typing?: string;
  /** Said in the last line until the next key. */
  notice?: string;
  done?: true;
}

export const newWalker = (): Walker => ({ page: 0, top: 0, search: '' });

/** The walker after a key, as terminals send them. `rows` is the room for a page's lines. */
export function pressed(walker: Walker, key: string, pages: readonly Page[], rows: number): Walker {
  const { notice: _, ...state } = walker;
  if (state.typing !== undefined) return typed({ ...state, typing: state.typing }, key, pages);
  const last = pages.length - 1;
  const at = (page: number): Walker => ({ ...state, page: Math.min(last, Math.max(0, page)), top: 0 });
  const height = pages[state.page]?.lines.length ?? 0;
  const scrolled = (by: number): Walker => ({
    ...state,
    top: Math.max(0, Math.min(Math.max(0, height - rows), state.top + by)),
  });
  switch (key) {
    case 'q':
    case '\u0003':
    case '\u0004':
      return { ...state, done: true };
    case 'n':
    case '\u001b[C':
      return at(state.page + 1);
    case 'p':
    case '\u001b[D':
      return at(state.page - 1);
    case ' ':
    case '\u001b[6~':
      return state.top + rows < height ? scrolled(rows) : at(state.page + 1);
    case 'b':
    case '\u001b[5~':
      return state.top > 0 ? scrolled(-rows) : at(state.page - 1);
    case 'j':
    case '\r':
    case '\u001b[B':
      return scrolled(1);
    case 'k':
    case '\u001b[A':
      return scrolled(-1);
    case 'g':
    case '\u001b[H':
      return at(0);
    case 'G':
    case '\u001b[F':
      return at(last);
    case '/':
      return { ...state, typing: '' };
    case 'f':
      return found(state, pages);
    default:
      return state;
  }
}

function typed(state: Walker & { typing: string }, key: string, pages: readonly Page[]): Walker {
  const { typing, ...rest } = state;
  if (key === '\r' || key === '\n')
    return typing === '' ? rest : found({ ...rest, search: typing.toLowerCase() }, pages, true);
  if (key === '\u001b' || key === '\u0003') return rest;
  if (key === '\u007f' || key === '\b') return { ...state, typing: [...typing].slice(0, -1).join('') };
  return /^[\u0000-\u001f]/.test(key) ? state : { ...state, typing: typing + key };
}

/** The next place that holds what is looked for, after the line at the top; from the end on from the start. */
function found(state: Walker, pages: readonly Page[], here = false): Walker {
  const { search } = state;
  if (search === '') return { ...state, notice: 'Nothing is looked for yet: / and a text.' };
  for (let step = 0; step <= pages.length; step += 1) {
    const page = (state.page + step) % pages.length;
    const from = step === 0 ? state.top + (here ? 0 : 1) : 0;
    const line =
      pages[page]?.lines.findIndex((text, index) => index >= from && text.toLowerCase().includes(search)) ?? -1;
    if (line >= 0) return { ...state, page, top: line };
  }
  return { ...state, notice: `"${search}" is nowhere in it.` };
}
