import { PrivateFailures } from './private-failures.ts';

/** Messages can be read in the Web UI as they are. */
export const failureConverter = new PrivateFailures();
