import { DefaultFailureConverter } from '@temporalio/common';
import { redact } from '../../protocol/redact.ts';
import { shortStack } from './short-stack.ts';

/** Failures as they stand in a history: without the worker's secrets and without the places of its files. */
export class PrivateFailures extends DefaultFailureConverter {
  override errorToFailureInner(
    ...args: Parameters<DefaultFailureConverter['errorToFailureInner']>
  ): ReturnType<DefaultFailureConverter['errorToFailureInner']> {
    const failure = super.errorToFailureInner(...args);
    if (failure.message) failure.message = redact(failure.message);
    if (failure.stackTrace) failure.stackTrace = shortStack(redact(failure.stackTrace));
    return failure;
  }
}
