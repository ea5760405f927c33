import { join, resolve } from 'node:path';
import type { StoreSettings } from '../../activities/workspace/keep.ts';
import { type Place, placeFrom } from '../../store/place.ts';
import type { Variables } from './variables.ts';

/** Where files of sessions are kept, and for how long. Throws an error that names the variable. */
export function storeSettings(values: Variables): StoreSettings {
  const place = values.DEEP_RESEARCH_STORE_DIR;
  return {
    place: place
      ? placeFrom('DEEP_RESEARCH_STORE_DIR', place, values)
      : { folder: join(resolve(values.DEEP_RESEARCH_STATE_DIR), 'store') },
    keepDays: values.DEEP_RESEARCH_STORE_KEEP_DAYS,
  };
}

/** Where batches are, unless in the state folder. Throws an error that names the variable. */
export const batchPlace = (values: Variables): Place | undefined =>
  values.DEEP_RESEARCH_BATCH_DIR
    ? placeFrom('DEEP_RESEARCH_BATCH_DIR', values.DEEP_RESEARCH_BATCH_DIR, values)
    : undefined;
