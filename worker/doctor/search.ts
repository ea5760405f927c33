import type { Provider, SearchKind } from '../../activities/providers/provider.ts';
import type { Configuration } from '../configuration/index.ts';
import { type Finding, findingsOf } from './finding.ts';

const LIMIT_MS = 20_000;

const KINDS: Record<SearchKind, { name: string; variable: string; text: string }> = {
  web: { name: 'web search', variable: 'DEEP_RESEARCH_SEARCH_PROVIDERS', text: 'lighthouse' },
  scholar: { name: 'scholar search', variable: 'DEEP_RESEARCH_SCHOLAR_PROVIDERS', text: 'lighthouse optics' },
  images: { name: 'image search', variable: 'DEEP_RESEARCH_IMAGE_PROVIDERS', text: 'lighthouse' },
};

/** One query to each provider: a key that is wrong or used up shows only so. */
export async function checkSearch({ providers, corpora, toolService }: Configuration): Promise<Finding[]> {
  const { good, warning } = findingsOf('Search');
  const found: Promise<Finding>[] = [];
  for (const kind of Object.keys(KINDS) as SearchKind[]) {
    const { name, variable } = KINDS[kind];
    if (providers[kind].length > 0) found.push(...providers[kind].map((provider) => ask(provider, kind)));
    else if (kind === 'web' && corpora.length > 0)
      found.push(Promise.resolve(good(`The documents of ${corpora.join(', ')} are searched.`)));
    else if (!toolService) {
      found.push(
        Promise.resolve(
          warning(
            `There is no ${name}: its tool is not offered to the model.`,
            `set a provider's key, or name some in ${variable}`,
          ),
        ),
      );
    }
  }
  return Promise.all(found);
}

async function ask(provider: Provider, kind: SearchKind): Promise<Finding> {
  const { good, bad, warning } = findingsOf('Search');
  const { name, text, variable } = KINDS[kind];
  try {
    const hits = await provider.search({ text, language: 'en', limit: 3 }, AbortSignal.timeout(LIMIT_MS));
    if (hits.length > 0) return good(`${provider.name} answers (${name}).`);
    return warning(`${provider.name} found nothing for "${text}" (${name}).`, 'look at its settings');
  } catch (error) {
    const reason =
      error instanceof Error && error.name === 'TimeoutError'
        ? `silent for ${LIMIT_MS / 1000} s`
        : (error as Error).message;
    return bad(`${provider.name} (${name}): ${reason}`, `mend its key or address, or leave it out of ${variable}`);
  }
}
