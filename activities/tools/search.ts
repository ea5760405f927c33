import type { Hit } from '../corpus/corpus.ts';
import { inThread } from '../ranking/thread.ts';
import { type ShownHit, searchResults } from './results/search-results.ts';
import { queryArgument } from './string-list.ts';
import { type Tool, ToolError } from './tool.ts';
import { type Block, failureText, HITS, searchOutput, type WebSearch } from './web-search.ts';

export interface SearchToolOptions {
  /** Folder for the indexes of document folders. */
  corpusStateDir: string;
  /** Searches the web; absent where no provider can. */
  web?: WebSearch;
  /** Whether sessions with a folder of documents search the web as well. */
  webBesideCorpus?: boolean;
}

/** Of the shown results, those that the session's folder may have where the web has as many as it likes. */
const FROM_FOLDER = 5;

/**
 * `search`: what matches each query among the documents of the session's folder, on the web, or both. The folder's
 * documents come first: somebody gave them for this question.
 */
export function makeSearchTool(options: SearchToolOptions): Tool<{ query: string[] }> {
  const { corpusStateDir, web, webBesideCorpus } = options;
  return {
    name: 'search',
    arguments: queryArgument,

    async run({ query: queries }, context) {
      const { corpus: folder, signal } = context;
      const asksWeb = web && (folder === undefined || webBesideCorpus) ? web : undefined;
      if (folder === undefined && !asksWeb) throw new ToolError('No search source is configured for this session.');
      const [documents, answers] = await Promise.all([
        folder === undefined
          ? undefined
          : inThread('search', { folder, stateDir: corpusStateDir, queries, limit: HITS }, signal),
        asksWeb?.(queries, context),
      ]);
      return searchOutput(
        queries.map((query, index): Block => {
          const found = documents?.[index] ?? [];
          const answer = answers?.[index];
          // With documents at hand the session can go on; who failed stands in the look-up.
          if (answer?.failure && found.length === 0) return { text: failureText(query, answer.failure), answer };
          const shown = folderFirst(found, answer?.hits ?? []);
          return { text: searchResults(query, shown), ...(answer && { answer: { ...answer, failure: undefined } }) };
        }),
      );
    },
  };
}

function folderFirst(documents: Hit[], pages: ShownHit[]): ShownHit[] {
  const fromFolder = documents.slice(0, Math.max(FROM_FOLDER, HITS - pages.length));
  return [...fromFolder, ...pages.slice(0, HITS - fromFolder.length)];
}
