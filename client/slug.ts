/** Characters; an id is typed and read in tables. */
const LONGEST = 40;

/** Words too common to say what a question is about. */
const COMMON = new Set(
  'a an and are at by did do does for from how in is it of on or that the to was were what when which who why with'.split(
    ' ',
  ),
);

/** A question as a readable part of an id: its telling words in lower case, letters of any script kept. */
export function sessionSlug(question: string): string {
  const words =
    question
      .toLowerCase()
      .normalize('NFKC')
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  const telling = words.filter((word) => !COMMON.has(word));
  let slug = '';
  for (const word of telling.length ? telling : words) {
    const longer = slug ? `${slug}-${word}` : [...word].slice(0, LONGEST).join('');
    if ([...longer].length > LONGEST) break;
    slug = longer;
  }
  return slug || 'research';
}
