import { PrivateFailures } from './private-failures.ts';

/** Messages and stacks go through the codec, so that they are encrypted like the rest. */
export const failureConverter = new PrivateFailures({ encodeCommonAttributes: true });

/** Found in a bundle of workflows that was made with this converter. */
export const MARK = 'deep-research:encoded-failures';
