import Docker, { type Exec } from 'dockerode';

export type { default as Docker } from 'dockerode';

/** Docker as `DOCKER_HOST` says, else at its usual socket. */
export const openDocker = (): Docker => new Docker();

/** Where that is, for sentences. */
export const dockerAddress = (): string => process.env.DOCKER_HOST || 'unix:///var/run/docker.sock';

/** Status of Docker's answer; undefined where there was none. */
export const statusOf = (error: unknown): number | undefined => {
  const { statusCode } = (error ?? {}) as { statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : undefined;
};

/** No answer at all: Docker is away, restarts, or may not be asked. */
export function isUnreachable(error: unknown): boolean {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return statusOf(error) === undefined && (syscall === 'connect' || BROKEN.includes(code ?? ''));
}

const BROKEN = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH'];

/** Starts a program in a container and leaves it to itself. The answer has no content, but holds its connection. */
export async function startDetached(exec: Exec): Promise<void> {
  const answer = await exec.start({ Detach: true });
  // The program does not depend on it.
  answer.on('error', () => {});
  answer.resume();
}

/** Docker's own words without its client's frame around them. */
export function reasonOf(error: unknown): string {
  const { json, code, message } = error as { json?: { message?: string }; code?: string; message?: string };
  return (json?.message ?? (statusOf(error) === undefined ? code : undefined) ?? message ?? String(error)).trim();
}
