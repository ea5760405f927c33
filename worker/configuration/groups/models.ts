import { z } from 'zod';
import { SYSTEM_FORMATS } from '../../../activities/inference/endpoint.ts';
import { list, objects, secret, secrets, texts, webUrl } from '../variable.ts';

/** Model servers: parallel lists as in the original, or whole objects in DEEP_RESEARCH_ENDPOINTS. */
export const models = {
  LLM_SERVER_BASE_ENDPOINT_URL: list(webUrl, {
    description: 'Model servers: base URLs with or without `/v1`, or the whole path of the API.',
    takes: 'http or https URLs',
  }),
  LLM_SERVER_MODEL_NAME: texts({
    description: 'Their models in the same order; one name serves for all.',
    takes: 'model names',
  }),
  LLM_SERVER_SYSTEM_FORMAT: list(z.enum(SYSTEM_FORMATS), {
    description: 'Their API formats in the same order; one serves for all.',
    takes: `some of ${SYSTEM_FORMATS.join(', ')}`,
    fallback: 'deep_research',
  }),
  LLM_SERVER_API_KEY: secrets({
    description: 'Their keys in the same order; one serves for all. A format with a key of its own below prefers that.',
    takes: 'keys, each in one line',
  }),
  AIHUBMIX_KEY: secret({ description: 'Key of the formats `aihubmix`, `aihubmix_claude` and `aihubmix_glm`.' }),
  AZURE_KEY: secret({ description: 'Key of the format `azure`.' }),
  VOLCANO_KEY: secret({ description: 'Key of the format `volcano`.' }),
  ALIYUN_KEY: secret({ description: 'Key of the format `aliyun`.' }),
  ONLINE_PLATFORM: list(z.enum(SYSTEM_FORMATS), {
    description: "The original's list of hosted formats. Here the format of an endpoint decides.",
    notUsedYet: true,
    takes: `some of ${SYSTEM_FORMATS.join(', ')}`,
  }),
  DEEP_RESEARCH_ENDPOINTS: objects({
    description:
      'Further endpoints as a JSON list of objects: `url`, `model`, and optionally `name`, `format`, `apiKeyEnv` (the name of a variable that holds the key), `weight`, `roles`, `contextTokens`, `headers`, and more below.',
    takes: 'a JSON list of endpoint objects',
  }),
};
