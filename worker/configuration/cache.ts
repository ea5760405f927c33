import type { CacheSettings } from '../../activities/cache/index.ts';
import { placeFrom } from '../../store/place.ts';
import type { Variables } from './variables.ts';

/** Where look-ups are kept, and for how long. Throws an error that names the variable. */
export function cacheSettings(values: Variables): CacheSettings {
  const place = values.DEEP_RESEARCH_CACHE_DIR;
  return {
    on: values.WEB_BASED_TOOLS_USE_CACHE,
    ...(place ? placeFrom('DEEP_RESEARCH_CACHE_DIR', place, values) : {}),
    maxAgeHours: values.DEEP_RESEARCH_CACHE_MAX_AGE_HOURS,
    keepDays: values.DEEP_RESEARCH_CACHE_KEEP_DAYS,
  };
}
