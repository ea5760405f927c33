import { config, strictObject } from 'zod';

// The workflow sandbox forbids generating code at run time.
config({ jitless: true });
// The first schema settles the rest of the configuration; later it cannot, for what all sessions share is frozen.
strictObject({}).safeParse({});

/**
 * What our inputs are described with: `import * as z from './zod.ts'`. Workers load this module once for all sessions
 * (`worker/combined-workflows.ts`), so it names what it passes on: all of zod would come with its texts in fifty languages.
 */
export {
  array,
  boolean,
  enum,
  type input,
  int,
  number,
  type output,
  record,
  strictObject,
  string,
  tuple,
  union,
  unknown,
  type ZodError,
} from 'zod';
