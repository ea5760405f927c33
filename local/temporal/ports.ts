import { createServer } from 'node:net';

/** All that local mode starts listens here and nowhere else. */
export const LOOPBACK = '127.0.0.1';

/** Whether the port can be bound on loopback at this moment. */
export async function isFree(port: number): Promise<boolean> {
  return (await bind(port)) !== undefined;
}

/** The first of the preferred ports that is free and not in `taken`, else any free one. */
export async function choosePort(preferred: (number | undefined)[], taken: number[] = []): Promise<number> {
  for (const port of [...preferred, 0, 0]) {
    if (port === undefined || taken.includes(port)) continue;
    const bound = await bind(port);
    if (bound !== undefined && !taken.includes(bound)) return bound;
  }
  throw new Error(`There is no free port on ${LOOPBACK}.`);
}

function bind(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : undefined));
    });
  });
}
