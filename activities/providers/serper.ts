import { z } from 'zod';
import { askJson } from './ask.ts';
import { type RawHit, toHits } from './hit.ts';
import { lenientList, optionalNumber, optionalText } from './lenient.ts';
import type { KeyedProviderOptions, Provider, SearchKind, SearchQuery } from './provider.ts';

const PATH: Record<SearchKind, string> = { web: '/search', scholar: '/scholar', images: '/images' };

const Organic = z.object({
  title: optionalText,
  link: optionalText,
  snippet: optionalText,
  date: optionalText,
  source: optionalText,
  publicationInfo: optionalText,
  year: optionalText,
  citedBy: optionalNumber,
  pdfUrl: optionalText,
});

const Image = z.object({
  title: optionalText,
  link: optionalText,
  source: optionalText,
  domain: optionalText,
  imageUrl: optionalText,
  imageWidth: optionalNumber,
  imageHeight: optionalNumber,
  thumbnailUrl: optionalText,
});

/** The parameters are always echoed; a list without results may be missing. */
const Answer = z.object({
  searchParameters: z.looseObject({}),
  organic: lenientList(Organic),
  images: lenientList(Image),
});

/** Google's results by https://serper.dev: web, Google Scholar and images. More than 10 results cost a second credit. */
export function serper(kind: SearchKind, options: KeyedProviderOptions): Provider {
  const name = 'serper';
  return {
    name,
    kind,
    async search(query, signal) {
      const { answer } = await askJson(
        {
          provider: name,
          key: { variable: 'SERPER_API_KEY', sent: true },
          baseUrl: options.baseUrl ?? 'https://google.serper.dev',
          path: PATH[kind],
          headers: { 'x-api-key': options.apiKey },
          body: bodyOf(query),
          options,
          signal,
        },
        Answer,
      );
      const raw =
        kind === 'images' ? answer.images.map(imageHit) : answer.organic.map(kind === 'scholar' ? paperHit : pageHit);
      return toHits(name, query.limit, raw);
    },
  };
}

/** `gl` is the country, `hl` the language of the interface, where Google tells two Chinese scripts apart. */
function bodyOf({ text, language, region, limit }: SearchQuery) {
  const chinese = region === 'TW' || region === 'HK' || region === 'MO' ? 'zh-tw' : 'zh-cn';
  return {
    q: text,
    num: Math.min(limit, 100),
    hl: language === 'zh' ? chinese : language,
    ...(region ? { gl: region.toLowerCase() } : {}),
  };
}

const pageHit = ({ title, link, snippet, date, source }: z.infer<typeof Organic>): RawHit => ({
  title,
  url: link,
  snippet,
  published: date,
  source,
});

const imageHit = (image: z.infer<typeof Image>): RawHit => ({
  title: image.title,
  url: image.link,
  source: image.source ?? image.domain,
  image: { url: image.imageUrl, thumbnailUrl: image.thumbnailUrl, width: image.imageWidth, height: image.imageHeight },
});

function paperHit(paper: z.infer<typeof Organic>): RawHit {
  return {
    title: paper.title,
    url: paper.link,
    snippet: paper.snippet,
    published: paper.year,
    citedBy: paper.citedBy,
    pdfUrl: paper.pdfUrl,
    ...publication(paper.publicationInfo),
  };
}

/** Scholar's line `A Author, B Author - Journal, 2017 - publisher.org`; names and journals may be cut with an ellipsis. */
function publication(line: string | undefined): Pick<RawHit, 'authors' | 'source'> {
  const parts = (line ?? '').split(/\s+-\s+/);
  if (parts.length < 2) return { source: line };
  const [authors = '', ...rest] = parts;
  const journal =
    rest.length > 1
      ? rest
          .slice(0, -1)
          .join(' - ')
          .replace(/,?\s*\d{4}$/, '')
      : '';
  return {
    authors: authors.split(',').map((author) => author.replaceAll('…', '').trim()),
    source: journal || rest.at(-1),
  };
}
