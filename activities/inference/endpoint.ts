/** One model server with its model. */
export interface Endpoint {
  name: string;
  /** Base URL with or without `/v1`. */
  url: string;
  model: string;
  apiKey?: string;
}

/** `…/v1/chat/completions`, whether the base was given with `/v1`, with the whole path, or with neither. */
export function chatUrl({ url }: Endpoint): string {
  const base = url.replace(/\/+$/, '').replace(/\/chat\/completions$/, '');
  return /\/v\d+$/.test(base) ? `${base}/chat/completions` : `${base}/v1/chat/completions`;
}
