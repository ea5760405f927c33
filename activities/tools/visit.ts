import { z } from 'zod';
import { addUsage, type Usage } from '../../protocol/reply.ts';
import type { Lookup, Source } from '../../protocol/tool-call.ts';
import { limiter } from '../limiter.ts';
import { joinBlocks } from './results/blocks.ts';
import { visitResult } from './results/visit-results.ts';
import { stringList } from './string-list.ts';
import { type Tool, type ToolContext, ToolError } from './tool.ts';
import { openDocument } from './visit-document.ts';

/** What an opener made of one page or document. */
export interface OpenedPage {
  /** Word for word from the page. */
  evidence: string;
  summary: string;
  source: Source;
  /** Who opened it. */
  lookup?: Lookup;
  /** Of the model calls that it took to read. */
  usage?: Usage;
}

/** Opens one address for a goal; an empty goal means the whole. Throws `ToolError` where it cannot be had. */
export type Opener = (url: string, goal: string, context: ToolContext) => Promise<OpenedPage>;

export interface VisitToolOptions {
  /** Folder for the indexes of document folders. */
  corpusStateDir: string;
  /** Opens `http` and `https` addresses. Without it they are refused with a sentence. */
  openWebPage?: Opener;
}

const WHOLE = 'the whole document';

/** Each page in work may hold tens of megabytes. */
const PAGES_AT_ONCE = 6;

const refuseWebPage: Opener = async (url) => {
  throw new ToolError(`${url} cannot be opened: this worker does not open web pages.`);
};

/** `visit`: opens documents of the session's folder, and web pages where an opener for them is given. */
export function makeVisitTool(options: VisitToolOptions): Tool<{ url: string[]; goal: string }> {
  const { corpusStateDir, openWebPage = refuseWebPage } = options;
  const openFromFolder = openDocument(corpusStateDir);
  return {
    name: 'visit',
    arguments: z.object(
      {
        url: stringList('url', 'the address of a page or document'),
        goal: z
          .string({ error: '"goal" must be a string: what you want to learn from the pages.' })
          .nullish()
          .transform((goal) => (goal ?? '').trim()),
      },
      { error: 'Expected an object with "url" and "goal".' },
    ),

    async run({ url: urls, goal }, context) {
      const visit = async (url: string) => {
        const address = webAddress(url, context.corpus !== undefined);
        try {
          const { evidence, summary, source, lookup, usage } = address
            ? await openWebPage(address, goal, context)
            : await openFromFolder(url, goal, context);
          return { text: visitResult({ url, goal: goal || WHOLE, evidence, summary }), source, lookup, usage };
        } catch (error) {
          if (!(error instanceof ToolError)) throw error;
          return { text: error.message };
        }
      };
      const inTurn = limiter(PAGES_AT_ONCE);
      const visits = await Promise.all(urls.map((url) => inTurn(() => visit(url))));
      const text = joinBlocks(visits.map((visit) => visit.text));
      const sources = visits.flatMap((visit) => visit.source ?? []);
      if (sources.length === 0) throw new ToolError(text);
      const usages = visits.flatMap((visit) => visit.usage ?? []);
      const lookups = visits.flatMap((visit) => visit.lookup ?? []);
      return {
        text,
        sources,
        ...(lookups.length > 0 && { lookups }),
        ...(usages.length > 0 && { usage: usages.reduce(addUsage) }),
      };
    },
  };
}

/**
 * The address of a web page, with the scheme that models leave out; undefined for what is in the session's folder.
 * Without a folder everything is the web's.
 */
function webAddress(url: string, hasFolder: boolean): string | undefined {
  if (/^https?:/i.test(url)) return url;
  if (/^www\.[^/]+\./i.test(url)) return `https://${url}`;
  if (hasFolder) return undefined;
  return /^[\w-]+(\.[\w-]+)+(:\d+)?(\/|\?|#|$)/.test(url) ? `https://${url}` : url;
}
