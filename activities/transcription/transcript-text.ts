import type { TranscribedPiece } from './transcriber.ts';

/** A new line begins after a pause, in seconds, or when the line is long, in characters. */
const PAUSE = 2;
const LONG = 400;

/** What was said, in lines with the time at which each begins, as far as the server tells it. */
export function transcriptText(pieces: readonly TranscribedPiece[]): string {
  return pieces.flatMap((piece) => (piece.segments ? timedLines(piece) : untimed(piece, pieces.length > 1))).join('\n');
}

function untimed({ from, text }: TranscribedPiece, isMany: boolean): string[] {
  if (!text) return [];
  return [isMany ? `[${clock(from)}] ${text}` : text];
}

function timedLines({ from, segments = [] }: TranscribedPiece): string[] {
  const lines: { start: number; end: number; text: string }[] = [];
  for (const { start, end, text } of segments) {
    const last = lines.at(-1);
    const said = text.trim();
    if (!said) continue;
    if (last && start - last.end < PAUSE && last.text.length + said.length < LONG) {
      // Chinese and Japanese have no spaces between sentences.
      last.text += /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(said) ? said : ` ${said}`;
      last.end = end;
    } else lines.push({ start, end, text: said });
  }
  return lines.map(({ start, text }) => `[${clock(from + start)}] ${text}`);
}

/** `75.5` as `1:15`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number: number) => String(number).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
