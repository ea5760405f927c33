import { z } from 'zod';
import { sharedCorpus } from '../corpus/shared-corpus.ts';
import { joinBlocks } from './results/blocks.ts';
import { searchResults } from './results/search-results.ts';
import { stringList } from './string-list.ts';
import { type Tool, ToolError } from './tool.ts';

/** Results shown for a query, as many as the model was trained on. */
const HITS = 10;

export interface SearchToolOptions {
  /** Folder for the indexes of document folders. */
  corpusStateDir: string;
}

/** `search`: the documents of the session's folder that match each query. */
export function makeSearchTool({ corpusStateDir }: SearchToolOptions): Tool<{ query: string[] }> {
  return {
    name: 'search',
    arguments: z.object(
      { query: stringList('query', 'a search query') },
      { error: 'Expected an object with "query".' },
    ),

    async run({ query }, { corpus: folder, signal }) {
      if (folder === undefined) throw new ToolError('No search source is configured for this session.');
      const corpus = await sharedCorpus(folder, { stateDir: corpusStateDir }, signal);
      return { text: joinBlocks(query.map((one) => searchResults(one, corpus.search(one, HITS)))) };
    },
  };
}
