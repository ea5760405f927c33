/** Temporal keeps 400 bytes of an activity's summary. */
const LONGEST = 380;

/** One line that says what a call does: the queries, the URLs, the first line of code. */
export function summaryOf(name: string, args: Record<string, unknown>): string {
  return clip(subject(name, args) || name);
}

function subject(name: string, args: Record<string, unknown>): string {
  switch (name) {
    case 'visit':
      return list(args.url);
    case 'parse_file':
      return list(args.files);
    case 'PythonInterpreter':
      return firstLine(args.code);
    case 'bash':
      return firstLine(args.command);
    case 'ask_question_about_image':
      return `${list(args.image_path)}: ${list(args.question)}`;
    case 'ask_question_about_video':
      return `${list(args.video_path)}: ${list(args.question)}`;
    default:
      return (
        list(args.query) ||
        Object.values(args)
          .flatMap((value) => list(value) || [])
          .join(' · ')
      );
  }
}

function list(value: unknown): string {
  if (Array.isArray(value)) return value.map(String).join(' · ');
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}

function firstLine(value: unknown): string {
  const lines = list(value).trim().split('\n');
  const line = lines.find((text) => text.trim() !== '' && !/^\s*(#|import |from )/.test(text)) ?? lines[0] ?? '';
  return lines.length > 1 ? `${line.trim()} … (${lines.length} lines)` : line;
}

/** Cuts to what UTF-8 keeps within the limit, at a whole character. */
export function clip(text: string, bytes = LONGEST): string {
  const line = text.replace(/\s+/g, ' ').trim();
  // A unit of UTF-16 has at most three bytes in UTF-8, and most lines are short.
  if (line.length * 3 <= bytes) return line;
  let used = 0;
  let kept = '';
  for (const character of line) {
    const code = character.codePointAt(0) as number;
    used += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (used > bytes) return `${kept}…`;
    kept += character;
  }
  return line;
}
