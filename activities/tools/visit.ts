import { z } from 'zod';
import type { Source } from '../../protocol/tool-call.ts';
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

const refuseWebPage: Opener = async (url) => {
  throw new ToolError(`${url} cannot be opened: web pages cannot be opened on this worker yet.`);
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
      const visits = await Promise.all(
        urls.map(async (url) => {
          const open = /^https?:/i.test(url) ? openWebPage : openFromFolder;
          try {
            const { evidence, summary, source } = await open(url, goal, context);
            return { text: visitResult({ url, goal: goal || WHOLE, evidence, summary }), source };
          } catch (error) {
            if (!(error instanceof ToolError)) throw error;
            return { text: error.message };
          }
        }),
      );
      const text = joinBlocks(visits.map((visit) => visit.text));
      const sources = visits.flatMap((visit) => visit.source ?? []);
      if (sources.length === 0) throw new ToolError(text);
      return { text, sources };
    },
  };
}
