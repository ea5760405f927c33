import { ApplicationFailure } from '@temporalio/common';
import { FormData, request } from 'undici';
import { z } from 'zod';
import { connectionFailure, failureOf } from '../inference/failure.ts';
import { limitedText } from '../limited-text.ts';
import { TRANSCRIPTION_VARIABLES, type TranscriptionSettings } from './settings.ts';

/** Something that is to be written down. */
export interface Sound {
  bytes: Uint8Array;
  /** Its ending tells a server what it is. */
  fileName: string;
  type: string;
}

export interface Transcript {
  text: string;
  /** Parts of the text with their times in seconds, where the server gives them. */
  segments?: { start: number; end: number; text: string }[];
  /** In seconds, where the server says so. */
  duration?: number;
}

/** A quarter of an hour of speech takes a minute on a small GPU and many on a CPU. */
const SILENCE_MS = 15 * 60_000;

/** A day of speech has a megabyte. */
const MOST_ANSWER_BYTES = 16 * 1024 * 1024;

const Answer = z.object({
  text: z.string(),
  duration: z.coerce.number().positive().optional().catch(undefined),
  segments: z
    .array(z.object({ start: z.number(), end: z.number(), text: z.string() }))
    .optional()
    .catch(undefined),
});

/** Servers that know no times, by their addresses and models. */
const WITHOUT_TIMES = new Set<string>();

/**
 * Has a server write down a recording.
 *
 * @throws ApplicationFailure, retryable where the server is at fault and final where it refuses, and the reason of
 * `signal` when that aborts
 */
export async function askServer(
  sound: Sound,
  settings: TranscriptionSettings,
  signal: AbortSignal,
): Promise<Transcript> {
  const server = `${settings.url} ${settings.model}`;
  if (WITHOUT_TIMES.has(server)) return ask(sound, 'json', settings, signal);
  try {
    return await ask(sound, 'verbose_json', settings, signal);
  } catch (error) {
    if (!refusesTimes(error)) throw error;
    const transcript = await ask(sound, 'json', settings, signal);
    WITHOUT_TIMES.add(server);
    return transcript;
  }
}

/** OpenAI's newer models, and older vLLM, write plain JSON only. */
const refusesTimes = (error: unknown): boolean =>
  error instanceof ApplicationFailure &&
  error.nonRetryable === true &&
  /response_format|verbose_json/.test(error.message);

async function ask(
  { bytes, fileName, type }: Sound,
  format: 'verbose_json' | 'json',
  settings: TranscriptionSettings,
  signal: AbortSignal,
): Promise<Transcript> {
  const { url, model, apiKey } = settings;
  const server = { variables: TRANSCRIPTION_VARIABLES, ...(apiKey && { apiKey }) };
  const form = new FormData();
  form.set('file', new File([Uint8Array.from(bytes)], fileName, { type }));
  form.set('model', model);
  form.set('response_format', format);
  try {
    const { statusCode, headers, body } = await request(addressOf(url), {
      method: 'POST',
      headers: { accept: 'application/json', ...(apiKey && { authorization: `Bearer ${apiKey.reveal()}` }) },
      body: form,
      signal,
      headersTimeout: SILENCE_MS,
      bodyTimeout: SILENCE_MS,
    });
    const answer = await limitedText(body, MOST_ANSWER_BYTES, () => new Error('its answer has no end'));
    if (statusCode !== 200) throw failureOf(statusCode, headers, answer, server);
    return transcriptIn(answer);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof ApplicationFailure) throw error;
    throw connectionFailure(error, server);
  }
}

const addressOf = (url: string): string => {
  const base = url.replace(/\/+$/, '');
  if (base.endsWith('/audio/transcriptions')) return base;
  return `${base}${/\/v\d+$/.test(base) ? '' : '/v1'}/audio/transcriptions`;
};

function transcriptIn(answer: string): Transcript {
  let json: unknown;
  try {
    json = JSON.parse(answer);
  } catch {
    throw new Error('its answer is not JSON');
  }
  const parsed = Answer.safeParse(json);
  if (!parsed.success) throw new Error('its answer has no text');
  const { text, duration, segments } = parsed.data;
  return { text: text.trim(), ...(duration && { duration }), ...(segments?.length && { segments }) };
}
