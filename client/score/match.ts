import { normalAnswer, numberOf } from './normal-answer.ts';

/** The same text but for blanks at its ends. */
export const matchesExactly = (answer: string, reference: string): boolean =>
  answer.normalize('NFC').trim() === reference.normalize('NFC').trim();

/**
 * Whether an answer says the same as the reference but for its form: numbers by value, lists member by member in their
 * order, all else without case, articles, punctuation and width of characters.
 */
export function matches(answer: string, reference: string): boolean {
  const wanted = numberOf(reference);
  if (wanted !== undefined) {
    const given = numberOf(answer);
    return given !== undefined && Math.abs(given - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted));
  }
  const members = membersOf(reference);
  if (members.length > 1) {
    const given = membersOf(answer);
    if (given.length === members.length) return members.every((member, index) => matches(given[index] ?? '', member));
  }
  const expected = normalAnswer(reference);
  return expected !== '' && normalAnswer(answer) === expected;
}

/** A list's members; a comma within a number parts nothing. */
function membersOf(text: string): string[] {
  return text
    .normalize('NFKC')
    .split(/;|、|,(?!\d{3}(?!\d))|(?<!\d),/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
