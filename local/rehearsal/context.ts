import type { Engine } from './engine.ts';
import type { RehearsalOptions } from './policy/options.ts';

/** What all routes of a server share. */
export interface Context {
  model: string;
  maxModelLen: number;
  /** Milliseconds a token where the request names none. */
  tokenMs: number;
  /** Epoch seconds. */
  startedAt: number;
  engine: Engine;
  /** How to play where the request does not say. */
  play: RehearsalOptions;
}
