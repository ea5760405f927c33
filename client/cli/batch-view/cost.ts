import { InvalidArgumentError } from 'commander';
import type { Usage } from '../../../protocol/reply.ts';

/** Money for a million tokens. */
export interface Prices {
  prompt: number;
  generated: number;
  /** Of prompt tokens that the server had in its cache. */
  cached: number;
}

/** `2,8` or `2,8,0.5`: prompt, generated, and cached where that is another than the prompt's. */
export function readPrices(text: string): Prices {
  const [prompt, generated, cached = prompt, ...rest] = text.split(',').map(Number);
  const all = [prompt, generated, cached];
  if (rest.length > 0 || !all.every((price) => price !== undefined && Number.isFinite(price) && price >= 0)) {
    throw new InvalidArgumentError('Expected two or three prices, such as 2,8 or 2,8,0.5.');
  }
  return { prompt: prompt as number, generated: generated as number, cached: cached as number };
}

/** `cost 12.34`, in whatever money the prices are. */
export function costText({ prompt, cached, completion }: Usage, prices: Prices): string {
  const sum = (prompt - cached) * prices.prompt + cached * prices.cached + completion * prices.generated;
  return `cost ${(sum / 1_000_000).toFixed(2)}`;
}
