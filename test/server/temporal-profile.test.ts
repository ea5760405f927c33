import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectDeepResearch } from '../../client/index.ts';
import { openSessions, played, type Sessions, START_LIMIT_MS } from '../support/sessions.ts';
import { startWorker } from '../support/worker-process.ts';
import { selfSigned, signedBy } from '../unit/safe-fetch-certificate.ts';

let sessions: Sessions;
let proxy: Server;
/** With a profile of this address, certificates and queue, and nothing else of Temporal. */
let env: NodeJS.ProcessEnv;
let refused = 0;

/** In front of the server: TLS, and a client certificate is asked for. */
beforeAll(async () => {
  sessions = await openSessions();
  const authority = selfSigned('an-authority');
  const [server, client] = ['localhost', 'a-client'].map((name) => signedBy(authority, 'an-authority', name));
  const [host = '', port = ''] = sessions.address.split(':');
  proxy = createServer(
    { ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['h2'] },
    (socket: TLSSocket) => {
      const upstream = connect(Number(port), host);
      for (const end of [socket, upstream]) end.on('error', () => socket.destroy());
      socket.pipe(upstream).pipe(socket);
    },
  );
  proxy.on('tlsClientError', () => {
    refused += 1;
  });
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
  const file = (name: string, text: string) => {
    const path = join(sessions.stateDir, name);
    writeFileSync(path, text);
    return path;
  };
  const profile = [
    `address = "localhost:${(proxy.address() as { port: number }).port}"`,
    'namespace = "default"',
    'api_key = "a-key-of-ours"',
    '[profile.secure.tls]',
    `server_ca_cert_path = "${file('ca.pem', authority.cert)}"`,
    `client_cert_path = "${file('client.pem', client!.cert)}"`,
    `client_key_path = "${file('client.key', client!.key)}"`,
  ];
  env = {
    ...sessions.env,
    TEMPORAL_CONFIG_FILE: file('temporal.toml', ['[profile.secure]', ...profile].join('\n')),
    TEMPORAL_PROFILE: 'secure',
    // As in an environment file that is not filled in: as good as none.
    TEMPORAL_ADDRESS: '',
    TEMPORAL_NAMESPACE: ' ',
  };
}, START_LIMIT_MS);

afterAll(async () => {
  await sessions?.close();
  proxy?.close();
});

test("worker, client and command line connect as a profile of Temporal's file says, with TLS and a key", async () => {
  const worker = await startWorker(env);
  await using client = await connectDeepResearch({ env: env as Record<string, string>, taskQueue: sessions.taskQueue });
  const session = await client.start(played({ rounds: 1 }, { tools: ['bash'] }));
  expect((await session.result()).rounds).toBe(2);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['client/cli/main.ts', '--profile', 'secure', 'status', session.id],
    { env: { ...env, TEMPORAL_PROFILE: '' } },
  );
  expect(stdout).toContain('What colour is the flag of Chad?');
  await worker.stop();
  expect(refused).toBe(0);
});

test('without the certificate it says what to mend, and never the key', async () => {
  const bare = { ...env, TEMPORAL_CONFIG_FILE: join(sessions.stateDir, 'none.toml'), TEMPORAL_PROFILE: '' };
  const address = `localhost:${(proxy.address() as { port: number }).port}`;
  const said = await sessions.work({ ...bare, TEMPORAL_ADDRESS: address, TEMPORAL_API_KEY: 'a-key-of-ours' }).then(
    () => '',
    (error: Error) => error.message,
  );
  expect(said).toMatch(/TEMPORAL_(ADDRESS|API_KEY)/);
  expect(said).not.toContain('a-key-of-ours');
});
