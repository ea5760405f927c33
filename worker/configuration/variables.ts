import { z } from 'zod';
import { models } from './groups/models.ts';
import { program } from './groups/program.ts';
import { sandbox } from './groups/sandbox.ts';
import { temporal } from './groups/temporal.ts';
import { tools } from './groups/tools.ts';
import { transcription } from './groups/transcription.ts';
import { vision } from './groups/vision.ts';

/** In the order in which they are documented. */
export const GROUPS = {
  'Model servers': models,
  Tools: tools,
  'Images and videos': vision,
  Recordings: transcription,
  Sandbox: sandbox,
  'Temporal and the worker': temporal,
  'Programs, state and logs': program,
} as const;

/** Every variable that the worker, the client and the local mode read. */
export const variables = z.object({
  ...models,
  ...tools,
  ...vision,
  ...transcription,
  ...sandbox,
  ...temporal,
  ...program,
});

export type Variables = z.output<typeof variables>;

/** The original's keys may also be set with its prefix: `S1_DR_CLIENT_TIMEOUT`. */
export const ORIGINAL_KEYS = [
  'LITERATURE_SEED_DATA_DIR',
  'TOOLS_SERVER_BASE_ENDPOINT_URL',
  'LLM_SERVER_BASE_ENDPOINT_URL',
  'LLM_SERVER_MODEL_NAME',
  'WEB_BASED_TOOLS_USE_CACHE',
  'USE_NLP_FORMAT_RETURN',
  'CLIENT_TIMEOUT',
  'AIHUBMIX_KEY',
  'AZURE_KEY',
  'VOLCANO_KEY',
  'ALIYUN_KEY',
  'ONLINE_PLATFORM',
] as const satisfies readonly (keyof Variables)[];
