import type { Secret } from '../secret.ts';

/** The server that writes down what is said in recordings, with OpenAI's API. */
export interface TranscriptionSettings {
  /** Base URL with or without `/v1`. */
  url: string;
  model: string;
  apiKey?: Secret;
  /** Largest file that it takes, in bytes. */
  maxBytes: number;
}

/** OpenAI's own limit, and vLLM's default. */
export const DEFAULT_MAX_MB = 25;

/** Names of the variables, so that a refusal can name the one to mend. */
export const TRANSCRIPTION_VARIABLES = {
  url: 'DEEP_RESEARCH_TRANSCRIPTION_URL',
  model: 'DEEP_RESEARCH_TRANSCRIPTION_MODEL',
  apiKey: 'DEEP_RESEARCH_TRANSCRIPTION_API_KEY',
};

/** Recordings that are larger are not read at all, in bytes. */
export const MOST_BYTES = { file: 500 * 1024 * 1024, fetched: 100 * 1024 * 1024 };
