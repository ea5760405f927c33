import { pythonJson } from './python-json.ts';

/** A failure as the model gets it: a plain sentence, or the original's JSON. */
export const errorText = (sentence: string, json = false): string =>
  json ? pythonJson({ error: sentence }) : sentence;
