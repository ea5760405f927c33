import diagnostics from 'node:diagnostics_channel';
import type { WorkflowClientInterceptor } from '@temporalio/client';

/** Adds up milliseconds. */
export interface Meter {
  ms: number;
}

/** Time that HTTP requests of undici are with their server: from the headers' leaving to the answer's last byte. */
export function meterHttp(): Meter {
  const meter = { ms: 0 };
  const started = new WeakMap<object, number>();
  const requestOf = (message: unknown) => (message as { request: object }).request;
  diagnostics.subscribe('undici:client:sendHeaders', (message) => {
    started.set(requestOf(message), performance.now());
  });
  diagnostics.subscribe('undici:request:trailers', (message) => {
    const start = started.get(requestOf(message));
    if (start !== undefined) meter.ms += performance.now() - start;
  });
  return meter;
}

/** Time of queries that activities make. */
export function meterQueries(): { meter: Meter; interceptor: WorkflowClientInterceptor } {
  const meter = { ms: 0 };
  const interceptor: WorkflowClientInterceptor = {
    async query(input, next) {
      const start = performance.now();
      try {
        return await next(input);
      } finally {
        meter.ms += performance.now() - start;
      }
    },
  };
  return { meter, interceptor };
}
