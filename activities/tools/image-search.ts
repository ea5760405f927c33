import type { SearchHit } from '../providers/provider.ts';
import { providerTool } from './provider-tool.ts';
import type { ShownHit } from './results/search-results.ts';
import type { WebSearch } from './web-search.ts';

/** `image_search`: pictures, each under its own address, with the page it stands on. */
export const makeImageSearchTool = (search: WebSearch) => providerTool('image_search', search, picture);

function picture({ image, url, snippet, ...hit }: SearchHit): ShownHit {
  if (!image) return { ...hit, url, snippet };
  const { width, height } = image;
  const facts = [
    ...(width && height ? [`Size: ${width} x ${height} pixels`] : []),
    ...(url === image.url ? [] : [`Page: ${url}`]),
  ];
  return { ...hit, url: image.url, snippet: [...facts, ...(snippet ? [snippet] : [])].join('\n') };
}
