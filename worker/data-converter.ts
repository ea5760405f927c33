import { join } from 'node:path';
import type { DataConverter } from '@temporalio/common';
import { dataConverterWith } from '../converter/data-converter.ts';
import { storedPayloads } from '../converter/stored-payloads.ts';
import type { Configuration } from './configuration/index.ts';

/** How this worker's values travel: encrypted where there are keys; those too large for a history go to the store of files. */
export const dataConverterOf = ({
  store,
  stateDir,
  encryption,
  variables,
}: Pick<Configuration, 'store' | 'stateDir' | 'encryption' | 'variables'>): DataConverter =>
  dataConverterWith(
    storedPayloads({
      place: store.place,
      shared: variables.DEEP_RESEARCH_STORE_DIR !== undefined,
      scratch: join(stateDir, 'scratch'),
    }),
    encryption,
  );
