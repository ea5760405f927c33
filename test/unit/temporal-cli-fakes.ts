import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { findTemporalCli } from '../../local/temporal/find-cli.ts';

export const VERSION_LINE = 'temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)';

/** Shell script that answers like the CLI. */
export const cliScript = (line = VERSION_LINE) => `#!/bin/sh\n[ "$1" = --version ] && echo '${line}'\n`;

/** A machine of its own: a PATH folder, a cache folder, a log of what its commands did, and no internet. */
export function fakeMachine() {
  const root = mkdtempSync(path.join(tmpdir(), 'temporal-cli-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const at = (name: string) => path.join(root, name);
  const bin = at('cache/bin');
  const progress: string[] = [];
  mkdirSync(at('path'));
  mkdirSync(bin, { recursive: true });
  const env: NodeJS.ProcessEnv = { PATH: `${at('path')}:/usr/bin:/bin`, HOME: root };
  return {
    env,
    bin,
    progress,
    at,
    cached: path.join(bin, 'temporal-1.5.1'),
    /** Puts a command on the PATH. @returns its path */
    command(name: string, script: string) {
      writeFileSync(at(`path/${name}`), script, { mode: 0o755 });
      return at(`path/${name}`);
    },
    cache(script: string) {
      writeFileSync(path.join(bin, 'temporal-1.5.1'), script, { mode: 0o755 });
    },
    /** A `go` that notes its arguments in the file `go.log` and runs `body`. */
    go(body: string) {
      writeFileSync(at('path/go'), `#!/bin/sh\necho "$@" >> '${at('go.log')}'\n${body}\n`, { mode: 0o755 });
    },
    find: (more: object = {}) =>
      findTemporalCli({
        cacheDir: at('cache'),
        env,
        onProgress: (line) => progress.push(line),
        // Above the range of ports that systems hand out: nothing listens there.
        downloadService: 'http://127.0.0.1:65535',
        ...more,
      }),
  };
}

/** What a fake `go` does to build a CLI. */
export const goBuilds = `printf '%s' "${cliScript().replaceAll('"', '\\"').replaceAll('$', '\\$')}" > "$GOBIN/temporal"; chmod +x "$GOBIN/temporal"`;

/** A download service on loopback. `answer` gets each path and gives a body, a status, or nothing at all (hangs). */
export async function fakeService(answer: (path: string, origin: string) => Buffer | string | number | undefined) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    const body = answer(request.url!, origin);
    if (typeof body === 'number') response.writeHead(body).end();
    else if (body !== undefined) response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin, asked };
}
