/** The charset named in a page's own markup. `start` is the page's first bytes as Latin-1. */
export function declaredHtmlCharset(start: string): string | undefined {
  return (
    /<meta[^>]+charset\s*=\s*["']?([\w-]+)/i.exec(start)?.[1] ?? /<\?xml[^>]+encoding=["']([\w-]+)/i.exec(start)?.[1]
  );
}
