import { DEFAULT_MAX_MB } from '../../../activities/transcription/settings.ts';
import { count, secret, text } from '../variable.ts';

/** The server that writes down what is said in recordings. */
export const transcription = {
  DEEP_RESEARCH_TRANSCRIPTION_URL: text({
    description:
      "Server with OpenAI's API for transcriptions (`/v1/audio/transcriptions`): base URL with or without `/v1`. Without it `parse_file` reads no recordings.",
    takes: 'an http or https URL',
  }),
  DEEP_RESEARCH_TRANSCRIPTION_MODEL: text({ description: 'Its model.', takes: "a model's name" }),
  DEEP_RESEARCH_TRANSCRIPTION_API_KEY: secret({ description: 'Its key.' }),
  DEEP_RESEARCH_TRANSCRIPTION_MAX_MB: count(
    { fallback: DEFAULT_MAX_MB, min: 1, max: 1000 },
    { description: 'Larger recordings are sent in pieces, which takes ffmpeg.', unit: 'MB' },
  ),
};
