import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FetchError } from '../../activities/web/fetch-error.ts';
import { safeFetch } from '../../activities/web/safe-fetch.ts';
import { httpServer, type LocalServer, PUBLIC, recordingNetwork } from './safe-fetch-network.ts';

/** What an attacker's name server answers. */
const NAMES: Record<string, string[] | string[][]> = {
  'public.example': [PUBLIC],
  'loopback.example': ['127.0.0.1'],
  'loopback6.example': ['::1'],
  'private.example': ['10.1.2.3'],
  'mixed.example': [PUBLIC, '192.168.0.1'],
  'mixed6.example': [PUBLIC, 'fd00::1'],
  'linklocal6.example': ['fe80::1'],
  'zone.example': ['fe80::1%eth0'],
  'mapped.example': ['::ffff:10.0.0.1'],
  'nat64.example': ['64:ff9b::a9fe:a9fe'],
  'sixtofour.example': ['2002:7f00:1::1'],
  'teredo.example': ['2001:0:7f00:1::'],
  'unspecified.example': ['0.0.0.0'],
  'metadata.example': ['169.254.169.254'],
  'azure.example': ['168.63.129.16'],
  'garbage.example': ['not an address'],
};

const HOSTILE = [
  // loopback in every spelling
  'http://127.0.0.1/',
  'http://127.1/',
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0x7f.0.0.1/',
  'http://0177.0.0.1/',
  'http://00000177.0.0.1/',
  'http://017700000001/',
  'http://127.0.0.1./',
  'http://0/',
  'http://0.0.0.0/',
  'http://１２７.０.０.１/',
  'http://127。0。0。1/',
  'http://127．0．0．1/',
  'http://①②⑦.⓪.⓪.①/',
  'http://%31%32%37.0.0.1/',
  'http://[::1]/',
  'http://[0:0:0:0:0:0:0:1]/',
  'http://[::]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://[::127.0.0.1]/',
  'http:127.0.0.1/',
  'http:/\\127.0.0.1/',
  'http://127.0.0.1\\@public.example/',
  // names of the machine and its network
  'http://localhost/',
  'http://localhost./',
  'http://LOCALHOST/',
  'http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/',
  'http://local\thost/',
  'http://a.localhost/',
  'http://printer.local/',
  'http://kubernetes.default.svc/',
  'http://intranet/',
  // private, link-local, carrier, multicast, reserved, broadcast
  'http://10.0.0.1/',
  'http://172.16.0.1/',
  'http://192.168.1.1/',
  'http://3232235777/',
  'http://100.64.0.1/',
  'http://169.254.1.1/',
  'http://224.0.0.1/',
  'http://240.0.0.1/',
  'http://255.255.255.255/',
  'http://198.18.0.1/',
  'http://[fc00::1]/',
  'http://[fd00:ec2::254]/',
  'http://[fe80::1]/',
  'http://[fe80::1%25eth0]/',
  'http://[fec0::1]/',
  'http://[ff02::1]/',
  // IPv4 inside IPv6
  'http://[64:ff9b::7f00:1]/',
  'http://[64:ff9b::169.254.169.254]/',
  'http://[64:ff9b:1::a00:1]/',
  'http://[2002:7f00:1::]/',
  'http://[2001:0:7f00:1::]/',
  'http://[::ffff:0:127.0.0.1]/',
  // metadata services
  'http://169.254.169.254/latest/meta-data/',
  'http://2852039166/',
  'http://0xa9fea9fe/',
  'http://0251.0376.0251.0376/',
  'http://169.254.43518/',
  'http://[::ffff:a9fe:a9fe]/',
  'http://100.100.100.200/',
  'http://168.63.129.16/',
  'http://metadata.google.internal/computeMetadata/v1/',
  'http://metadata/',
  'http://instance-data/',
  // user information
  'http://public.example@127.0.0.1/',
  'http://public.example:80@127.0.0.1/',
  'http://127.0.0.1@public.example/',
  'http://user:secret@public.example/',
  'http://public.example%20@127.0.0.1/',
  // other schemes and services
  'file:///etc/passwd',
  'ftp://public.example/',
  'gopher://127.0.0.1:6379/_INFO',
  'data:text/html,hello',
  'javascript:alert(1)',
  'ws://public.example/',
  'http://public.example:22/',
  'http://public.example:25/',
  'http://public.example:6379/',
  'http://public.example:0/',
  // names that lead there
  ...Object.keys(NAMES)
    .filter((name) => name !== 'public.example')
    .flatMap((name) => [`http://${name}/`, `https://${name}./`]),
];

const signal = new AbortController().signal;

async function failureOf(fetching: Promise<unknown>): Promise<FetchError> {
  const error = await fetching.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(FetchError);
  return error;
}

describe('hostile addresses', () => {
  it.each(HOSTILE)('does not connect for %s', async (url) => {
    const network = recordingNetwork(NAMES);
    const error = await failureOf(safeFetch(url, { network }, signal));
    expect(network.connections).toEqual([]);
    expect(['url', 'refused']).toContain(error.kind);
    expect(error.message).toMatch(/^The page at \S.* could not be opened: .*\.$/);
    expect(error.message).not.toContain('secret');
  });
});

describe('redirects to hostile addresses', () => {
  let server: LocalServer;
  beforeAll(async () => {
    server = await httpServer((request, response) => {
      const target = HOSTILE[Number(request.url!.slice(1))];
      if (target === undefined) response.writeHead(404).end();
      else response.writeHead(302, { location: Buffer.from(target).toString('latin1') }).end();
    });
  });
  afterAll(() => server.close());

  it.each(HOSTILE.map((url, index) => [url, index] as const))('does not follow one to %s', async (target, index) => {
    const network = recordingNetwork(NAMES, server.port);
    const error = await failureOf(safeFetch(`http://public.example/${index}`, { network }, signal));
    expect(new Set(network.connections)).toEqual(new Set([`${PUBLIC}:80`]));
    // After a redirect from http, `http:` with no slashes begins a path of the same site, which has no such page.
    expect(target.startsWith('http:127') ? ['http'] : ['url', 'refused']).toContain(error.kind);
    expect(error.message).toMatch(/^The page at http:\/\/public\.example\/\d+ could not be opened: /);
    expect(error.message).not.toMatch(/127|169|192\.168|10\.|secret|internal|metadata|localhost/);
  });
});

describe('names that change', () => {
  it('connects to the address that was checked, without a second look-up', async () => {
    const server = await httpServer((_request, response) => response.end('<p>checked</p>'));
    const names = { 'rebind.example': [[PUBLIC], ['127.0.0.1']] };
    const network = recordingNetwork(names, server.port);
    const { bytes } = await safeFetch('http://rebind.example/', { network }, signal);
    expect(Buffer.from(bytes).toString()).toBe('<p>checked</p>');
    expect(network.lookups).toEqual(['rebind.example']);
    expect(network.connections).toEqual([`${PUBLIC}:80`]);
    await server.close();
  });

  it('checks a name again when a redirect needs a new connection to it', async () => {
    const server = await httpServer((_request, response) => {
      response.writeHead(302, { location: '/inside', connection: 'close' }).end();
    });
    const network = recordingNetwork({ 'rebind.example': [[PUBLIC], ['127.0.0.1']] }, server.port);
    const error = await failureOf(safeFetch('http://rebind.example/', { network }, signal));
    expect(error.kind).toBe('refused');
    expect(network.connections).toEqual([`${PUBLIC}:80`]);
    await server.close();
  });
});
