import { z } from 'zod';

/** More in one call is a mistake, and would crowd out everything else in the model's context. */
const MAX_ITEMS = 30;

/**
 * An argument that takes one string or a list of them, as a list without empty and repeated entries. A list that was
 * written as the text of a JSON array is taken as the list.
 *
 * @param name the argument's name, for error sentences
 * @param meaning what the strings are, e.g. `a query`
 */
export function stringList(name: string, meaning: string) {
  const expected = `"${name}" must be ${meaning} as a string, or a list of such strings.`;
  return z
    .preprocess(unwrapped, z.array(z.string({ error: expected }), { error: expected }))
    .transform((items) => [...new Set(items.map((item) => item.trim()).filter((item) => item !== ''))])
    .refine((items) => items.length > 0, { error: `"${name}" is empty: ${meaning} is needed.` })
    .refine((items) => items.length <= MAX_ITEMS, {
      error: `"${name}" has more than ${MAX_ITEMS} entries; send fewer.`,
    });
}

function unwrapped(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (/^\s*\[\s*"[\s\S]*\]\s*$/.test(value)) {
    try {
      return JSON.parse(value);
    } catch {
      // A text that only looks like a list is one string.
    }
  }
  return [value];
}

/** The arguments of every search: one query or several. */
export const queryArgument = z.object(
  { query: stringList('query', 'a search query') },
  { error: 'Expected an object with "query".' },
);
