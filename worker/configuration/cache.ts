import { resolve } from 'node:path';
import type { CacheSettings } from '../../activities/cache/index.ts';
import { parsePlace, type S3Settings } from '../../activities/cache/s3-store.ts';
import { webUrl } from './variable.ts';
import type { Variables } from './variables.ts';

/** Where look-ups are kept, and for how long. Throws an error that names the variable. */
export function cacheSettings(values: Variables): CacheSettings {
  const place = values.DEEP_RESEARCH_CACHE_DIR;
  const s3 = place?.startsWith('s3:') ? bucketOf(place, values) : undefined;
  return {
    on: values.WEB_BASED_TOOLS_USE_CACHE,
    ...(s3 ? { s3 } : place ? { folder: resolve(place) } : {}),
    maxAgeHours: values.DEEP_RESEARCH_CACHE_MAX_AGE_HOURS,
    keepDays: values.DEEP_RESEARCH_CACHE_KEEP_DAYS,
  };
}

function bucketOf(place: string, values: Variables): S3Settings {
  const named = parsePlace(place);
  if (!named) throw new Error(`DEEP_RESEARCH_CACHE_DIR: expected an address like s3://bucket/prefix, got "${place}".`);
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_ENDPOINT_URL: endpoint } = values;
  if (!accessKeyId || !secretAccessKey) {
    const missing = accessKeyId ? 'AWS_SECRET_ACCESS_KEY' : 'AWS_ACCESS_KEY_ID';
    throw new Error(`DEEP_RESEARCH_CACHE_DIR: the bucket needs ${missing}; it is not set.`);
  }
  if (endpoint && !webUrl.safeParse(endpoint).success) {
    throw new Error(`AWS_ENDPOINT_URL: expected an http or https URL, got "${endpoint}".`);
  }
  return {
    ...named,
    region: values.AWS_REGION,
    ...(endpoint ? { endpoint } : {}),
    accessKeyId,
    secretAccessKey,
    ...(values.AWS_SESSION_TOKEN ? { sessionToken: values.AWS_SESSION_TOKEN } : {}),
  };
}
