import { join } from 'node:path';
import type { DataConverter } from '@temporalio/common';
import { storedPayloads } from '../converter/stored-payloads.ts';
import type { Configuration } from './configuration/index.ts';

/** How this worker's values travel: those too large for a history go to the store of files. */
export const dataConverterOf = ({
  store,
  stateDir,
  variables,
}: Pick<Configuration, 'store' | 'stateDir' | 'variables'>): DataConverter => ({
  externalStorage: storedPayloads({
    place: store.place,
    shared: variables.DEEP_RESEARCH_STORE_DIR !== undefined,
    scratch: join(stateDir, 'scratch'),
  }),
});
