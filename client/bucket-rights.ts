import type { Hidden } from '../store/bucket.ts';
import type { BucketVariables } from '../store/place.ts';
import { secretFrom } from '../store/secret-file.ts';

/** Amazon's variables of this process; the secrets of them may come from files, as the workers' do. */
export const bucketRights = (env: Record<string, string | undefined>): BucketVariables => ({
  AWS_ACCESS_KEY_ID: env.AWS_ACCESS_KEY_ID,
  AWS_REGION: env.AWS_REGION,
  AWS_ENDPOINT_URL: env.AWS_ENDPOINT_URL,
  AWS_SECRET_ACCESS_KEY: hidden(secretFrom(env, 'AWS_SECRET_ACCESS_KEY')),
  AWS_SESSION_TOKEN: hidden(secretFrom(env, 'AWS_SESSION_TOKEN')),
});

const hidden = (text: string | undefined): Hidden | undefined => (text ? { reveal: () => text } : undefined);
