/** A Markdown document's title: from its front matter, else its first heading of the highest level. */
export function markdownTitle(text: string): string | undefined {
  const frontMatter = /^---\n([\s\S]{0,4000}?)\n(?:---|\.\.\.)\n/.exec(text)?.[1];
  const stated = frontMatter && /^title:[ \t]*(.+)$/im.exec(frontMatter)?.[1];
  if (stated) return clean(stated.trim().replace(/^(["'])(.*)\1$/, '$2'));

  const start = text.slice(0, 5000);
  const centred = /^ {0,3}(?:<[a-z][^>]*>\s*)*<h1[^>]*>([\s\S]{1,500}?)<\/h1>/im.exec(start);
  const beforeHashed = centred && start.search(/^#/m);
  if (centred && (beforeHashed === -1 || centred.index < beforeHashed!)) {
    const written = clean(centred[1]!);
    if (written) return written;
  }

  let best: { level: number; title: string } | undefined;
  for (const { level, title } of markdownHeadings(text.slice(0, 50_000))) {
    if (!best || level < best.level) best = { level, title };
    if (level === 1) break;
  }
  return best && clean(best.title);
}

/** A plain text's first line, when it stands alone like a title. */
export function plainTextTitle(text: string): string | undefined {
  const match = /^\s*(\S[^\n]{0,79})\n\s*(?:[=*~-]{3,}\s*)?\n/.exec(text);
  return match && /\p{L}/u.test(match[1]!) ? clean(match[1]!) : undefined;
}

export interface MarkdownHeading {
  level: number;
  title: string;
  /** Index in the text where the heading's line starts. */
  at: number;
}

/** Headings of a Markdown text in order, both `#` and underlined ones; what stands in code fences is none. */
export function* markdownHeadings(text: string): Generator<MarkdownHeading> {
  let at = 0;
  let fence: string | undefined;
  let previous = { line: '', at: 0 };
  for (const line of text.split('\n')) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence) {
      if (mark?.startsWith(fence) && line.trim() === mark) fence = undefined;
    } else if (mark) {
      fence = mark;
    } else {
      const hashes = /^ {0,3}(#{1,6})[ \t]/.exec(line)?.[1];
      const title =
        hashes &&
        line
          .trim()
          .slice(hashes.length)
          .trimStart()
          .replace(/(?:^|[ \t])#+$/, '')
          .trimEnd();
      const underline = /^ {0,3}(=+|-{2,})[ \t]*$/.exec(line)?.[1];
      if (hashes && title) yield { level: hashes.length, title, at };
      else if (underline && /^ {0,3}[^\s>#|*+-]/.test(previous.line))
        yield { level: underline[0] === '=' ? 1 : 2, title: previous.line.trim(), at: previous.at };
    }
    previous = fence ? { line: '', at } : { line, at };
    at += line.length + 1;
  }
}

/** A heading's words without their Markdown and HTML marks; of a heading that is only images, their descriptions. */
function clean(written: string): string | undefined {
  const title = written.slice(0, 1000);
  const withoutImages = title.replace(/!\[[^\]]*\]\([^)]*\)/g, '').replace(/\[\s*\]\([^)]*\)/g, '');
  return words(withoutImages) || words(title.replace(/!\[([^\]]*)\]\([^)]*\)/g, '$1')) || undefined;
}

function words(title: string): string {
  return title
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/<[^>]+>/g, ' ')
    .replace(/[`*]/g, '')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 200);
}

export const cleanTitle = (title: string): string => clean(title) ?? title.trim();
