import type { ToolName } from '../../protocol/tool-call.ts';
import type { SearchHit } from '../providers/provider.ts';
import { type ShownHit, searchResults } from './results/search-results.ts';
import { queryArgument } from './string-list.ts';
import type { Tool } from './tool.ts';
import { failureText, searchOutput, type WebSearch } from './web-search.ts';

/** A search that only providers answer. @param show what the model sees of a hit */
export function providerTool(
  name: ToolName,
  search: WebSearch,
  show: (hit: SearchHit) => ShownHit,
): Tool<{ query: string[] }> {
  return {
    name,
    arguments: queryArgument,
    async run({ query: queries }, context) {
      const answers = await search(queries, context);
      return searchOutput(
        answers.map((answer) => {
          const { query, hits, failure } = answer;
          return { text: failure ? failureText(query, failure) : searchResults(query, hits.map(show)), answer };
        }),
      );
    },
  };
}
