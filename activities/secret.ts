import { inspect } from 'node:util';

const SHOWN = '[secret]';

/**
 * A value that no log, error, JSON document or template shows by accident. Only `reveal` gives it, so that every use
 * can be found.
 */
export class Secret<T = string> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
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
