import type { TranscriptionSettings } from '../../activities/transcription/settings.ts';
import { ConfigurationError } from './error.ts';
import { webUrl } from './variable.ts';
import type { Variables } from './variables.ts';

/** The server for transcriptions, if one is named. @throws ConfigurationError with a sentence for each fault */
export function transcriptionFrom(values: Variables): TranscriptionSettings | undefined {
  const {
    DEEP_RESEARCH_TRANSCRIPTION_URL: url,
    DEEP_RESEARCH_TRANSCRIPTION_MODEL: model,
    DEEP_RESEARCH_TRANSCRIPTION_API_KEY: apiKey,
    DEEP_RESEARCH_TRANSCRIPTION_MAX_MB: maxMb,
  } = values;
  if (!url && !model && !apiKey) return undefined;
  const problems: string[] = [];
  if (!url) problems.push('DEEP_RESEARCH_TRANSCRIPTION_URL: expected the URL of the server, got nothing.');
  else if (!webUrl.safeParse(url).success)
    problems.push(`DEEP_RESEARCH_TRANSCRIPTION_URL: expected an http or https URL, got "${url}".`);
  if (!model) problems.push('DEEP_RESEARCH_TRANSCRIPTION_MODEL: expected the name of its model, got nothing.');
  if (!url || !model || problems.length > 0) throw new ConfigurationError(problems);
  return { url, model, ...(apiKey && { apiKey }), maxBytes: maxMb * 1024 * 1024 };
}
