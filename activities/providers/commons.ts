import { z } from 'zod';
import { shorten } from './clean-text.ts';
import { type RawHit, toHits } from './hit.ts';
import { lenientList, optionalNumber, optionalObject, optionalText } from './lenient.ts';
import { askMediaWiki, QUERY_LIMIT } from './media-wiki.ts';
import type { Provider, ProviderOptions } from './provider.ts';

const Metadata = optionalObject(z.object({ value: optionalText }));

const ImageInfo = z.object({
  url: optionalText,
  descriptionurl: optionalText,
  thumburl: optionalText,
  width: optionalNumber,
  height: optionalNumber,
  extmetadata: optionalObject(
    z.object({ ImageDescription: Metadata, Artist: Metadata, LicenseShortName: Metadata, DateTimeOriginal: Metadata }),
  ),
});

const Page = z.object({ title: optionalText, index: optionalNumber, imageinfo: lenientList(ImageInfo) });

/** Without results the whole `query` part is missing. */
const Answer = z.object({ query: optionalObject(z.object({ pages: lenientList(Page) })) });

/** Pictures of Wikimedia Commons, https://commons.wikimedia.org/w/api.php: namespace 6 holds the files. */
export function commons(options: ProviderOptions): Provider {
  const name = 'commons';
  return {
    name,
    kind: 'images',
    async search({ text, language, limit }, signal) {
      const query = {
        generator: 'search',
        gsrsearch: `filetype:bitmap|drawing ${shorten(text, { characters: QUERY_LIMIT.characters - 30 })}`,
        gsrnamespace: 6,
        gsrlimit: Math.min(limit, 50),
        prop: 'imageinfo',
        iiprop: 'url|size|extmetadata',
        iiextmetadatafilter: 'ImageDescription|Artist|LicenseShortName|DateTimeOriginal',
        iiextmetadatalanguage: language,
        iiurlwidth: 320,
      };
      const baseUrl = options.baseUrl ?? 'https://commons.wikimedia.org';
      const answer = await askMediaWiki({ provider: name, baseUrl, query, options, signal }, Answer);
      const pages = answer.query?.pages ?? [];
      // A generator's pages come by page id; `index` is their place in the search.
      const byRelevance = pages.toSorted((a, b) => (a.index ?? Infinity) - (b.index ?? Infinity));
      return toHits(name, limit, byRelevance.map(toRaw));
    },
  };
}

function toRaw({ title, imageinfo: [info] }: z.infer<typeof Page>): RawHit {
  const about = info?.extmetadata;
  const license = about?.LicenseShortName?.value;
  const description = about?.ImageDescription?.value ?? '';
  return {
    title: title?.replace(/^[^:]+:/, '').replace(/\.\w{3,4}$/, ''),
    url: info?.descriptionurl,
    snippet: license ? `${description} (${license})` : description,
    published: about?.DateTimeOriginal?.value,
    source: 'Wikimedia Commons',
    authors: [about?.Artist?.value],
    image: { url: info?.url, thumbnailUrl: info?.thumburl, width: info?.width, height: info?.height },
  };
}
