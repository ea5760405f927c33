import { inspect } from 'node:util';
import { hide } from '../protocol/redact.ts';

const SHOWN = '[secret]';

/**
 * A value that no log, error, JSON document or template shows by accident. Only `reveal` gives it, so that every use
 * can be found. Where the revealed value gets into a text after all, `redact` takes it out.
 */
export class Secret<T = string> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
    for (const text of textsIn(value)) hide(text);
  }

  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}

/** The text, or a record's: headers, an environment. Lists hold arguments and the like, of which few are secrets. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.values(value).filter((text) => typeof text === 'string');
}
