/** Parameters that only tell where a reader came from. */
const TRACKING =
  /^(?:utm_\w+|gclid|gclsrc|dclid|gbraid|wbraid|fbclid|msclkid|yclid|ysclid|twclid|ttclid|igshid|mc_cid|mc_eid|_ga|_gl|_hs\w+|spm|vero_id|oly_\w+|srsltid|ref_src|ref_url|cmpid|mkt_tok)$/i;

const ARXIV_ID = String.raw`(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?\/\d{7})(?:v\d+)?`;
const ARXIV_PAGE = new RegExp(String.raw`^\/(?:abs|pdf|html|format)\/${ARXIV_ID}(?:\.pdf)?\/?$`, 'i');
const ARXIV_DOI = new RegExp(String.raw`^10\.48550\/arxiv\.${ARXIV_ID}$`, 'i');

/** Where publishers put the DOI into their own addresses. */
const PUBLISHER_DOI =
  /^\/(?:doi\/(?:(?:abs|full|pdf|epdf|pdfdirect|book|abstract)\/)?|(?:article|chapter|book)\/)(10\.\d{4,9}\/.+?)\/?$/i;

/**
 * What is the same for all addresses of one page: without scheme, `www.`, mobile host, default port, fragment, trailing
 * slash and tracking parameters, the others sorted. A paper is `arxiv:` or `doi:` with its number, whatever the version
 * and wherever it was found.
 */
export function pageKey(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  const host = url.hostname
    .replace(/^www\d?\./, '')
    .replace(/^m\./, '')
    .replace(/\.m\.(wiki\w+\.org)$/, '.$1');
  const path = decoded(url.pathname);
  if (host === 'doi.org' || host === 'dx.doi.org') return paperKey(path.slice(1));
  if (/(?:^|\.)arxiv\.org$/.test(host)) {
    const id = ARXIV_PAGE.exec(path)?.[1];
    if (id) return `arxiv:${id.toLowerCase()}`;
  }
  const doi = PUBLISHER_DOI.exec(path)?.[1];
  if (doi) return paperKey(doi);

  const kept = [...url.searchParams]
    .filter(([name]) => !TRACKING.test(name))
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const query = kept.length > 0 ? `?${new URLSearchParams(kept)}` : '';
  // Only `#!` and `#/` are pages of their own: addresses within a script's page.
  const fragment = /^#[!/]/.test(url.hash) ? url.hash : '';
  const folder = path.replace(/\/(?:index\.(?:html?|php))?$/i, '').replace(/\/+$/, '');
  return `${host}${url.port ? `:${url.port}` : ''}${folder}${query}${fragment}`;
}

function paperKey(doi: string): string {
  const arxiv = ARXIV_DOI.exec(doi)?.[1];
  return arxiv ? `arxiv:${arxiv.toLowerCase()}` : `doi:${doi.toLowerCase()}`;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
