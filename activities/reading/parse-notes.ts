/** What a model noted of a page. */
export interface Notes {
  /** As the model wrote them; not checked yet. */
  quotes: string[];
  summary: string;
}

/**
 * Reads a model's notes: in the tags that were asked for, or in the two other forms that models fall into, a JSON
 * object and the labels of a visit's result. Undefined where the reply is none of these.
 */
export function parseNotes(reply: string): Notes | undefined {
  return tagged(reply) ?? json(reply) ?? labelled(reply);
}

function tagged(reply: string): Notes | undefined {
  const quotes = [...reply.matchAll(/<quote>([\s\S]*?)(?:<\/quote>|(?=<quote>|<summary>)|$)/gi)];
  const summary = /<summary>([\s\S]*?)(?:<\/summary>|$)/i.exec(reply)?.[1];
  if (quotes.length === 0 && summary === undefined) return undefined;
  return notes(
    quotes.map(([, quote = '']) => quote),
    summary ?? '',
  );
}

function json(reply: string): Notes | undefined {
  const object = /\{[\s\S]*\}/.exec(reply)?.[0];
  if (!object) return undefined;
  try {
    const { evidence, quotes = evidence, summary } = JSON.parse(object) as Record<string, unknown>;
    if (typeof summary !== 'string') return undefined;
    const all = (Array.isArray(quotes) ? quotes : [quotes]).filter((quote) => typeof quote === 'string');
    return notes(all.length === 1 ? all.flatMap(paragraphs) : all, summary);
  } catch {
    return undefined;
  }
}

function labelled(reply: string): Notes | undefined {
  const [, evidence, summary] =
    /^\W*(?:evidence|quotes)[^\n:]{0,20}:\W*\n?([\s\S]+?)\n\W*summary\W{0,3}:\W*([\s\S]+)$/im.exec(reply) ?? [];
  return evidence && summary ? notes(paragraphs(evidence), summary) : undefined;
}

const paragraphs = (text: string): string[] => text.split(/\n\s*\n/);

function notes(quotes: string[], summary: string): Notes {
  return { quotes: quotes.map((quote) => quote.trim()).filter((quote) => quote !== ''), summary: summary.trim() };
}
