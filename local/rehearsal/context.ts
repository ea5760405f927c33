import type { Engine } from './engine.ts';

/** What all routes of a server share. */
export interface Context {
  model: string;
  maxModelLen: number;
  /** Milliseconds a token where the request names none. */
  tokenMs: number;
  /** Epoch seconds. */
  startedAt: number;
  engine: Engine;
}
