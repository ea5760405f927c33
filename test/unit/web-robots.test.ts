import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { robotsPermit } from '../../activities/web/robots.ts';
import { parseRobots, robotsAllow } from '../../activities/web/robots-rules.ts';
import { safeFetch } from '../../activities/web/safe-fetch.ts';
import { httpServer, type LocalServer, PUBLIC, recordingNetwork } from './safe-fetch-network.ts';

const AGENT = 'deep-research/1.0 (+https://lab.example)';
const allows = (robots: string, path: string) =>
  robotsAllow(parseRobots(robots, AGENT), new URL(path, 'https://site.example'));
const forAll = (...rules: string[]) => ['User-agent: *', ...rules].join('\n');

describe('rules', () => {
  const table: [string, robots: string, path: string, allowed: boolean][] = [
    ['an empty file allows', '', '/a', true],
    ['a prefix forbids', forAll('Disallow: /a'), '/abc', false],
    ['but not what it does not begin', forAll('Disallow: /a'), '/b/a', true],
    ['case counts in paths', forAll('Disallow: /A'), '/a', true],
    ['an empty rule is none', forAll('Disallow:'), '/a', true],
    ['the longest rule decides', forAll('Disallow: /a', 'Allow: /a/b'), '/a/b', true],
    ['whatever the order', forAll('Allow: /a', 'Disallow: /a/b'), '/a/b', false],
    ['between equals it is allowed', forAll('Disallow: /a', 'Allow: /a'), '/a', true],
    ['a star is any text', forAll('Disallow: /*/private'), '/x/y/private/z', false],
    ['a dollar is the end', forAll('Disallow: /*.pdf$'), '/a.pdf', false],
    ['and only the end', forAll('Disallow: /*.pdf$'), '/a.pdf?x', true],
    ['a dollar without a star', forAll('Disallow: /a$'), '/ab', true],
    ['a part is not used twice', forAll('Disallow: /ab*bc$'), '/abc', true],
    ['the query counts', forAll('Disallow: /*?page='), '/list?page=2', false],
    ['robots.txt itself is allowed', forAll('Disallow: /'), '/robots.txt', true],
    ['encoded and plain are one', forAll('Disallow: /%7Euser/\u9875'), '/~user/%e9%a1%b5', false],
    ['a comment is none of it', forAll('Disallow: /a # not /b'), '/a', false],
    ['other records do not matter', `Sitemap: x\n${forAll('Crawl-delay: 9', 'Disallow: /a')}`, '/a', false],
    ['line ends of any sort', 'User-agent: *\r\rDisallow: /a\r\n', '/a', false],
    ['a mark at the beginning', `\ufeff${forAll('Disallow: /a')}`, '/a', false],
    ['rules of others are not ours', 'User-agent: other\nDisallow: /', '/a', true],
    ['ours go before those for all', `${forAll('Disallow: /')}\nUser-agent: Deep-Research\nDisallow: /x`, '/a', true],
    ['even without rules', `${forAll('Disallow: /')}\nUser-agent: deep-research\nDisallow:`, '/a', true],
    ['a version is no part of a name', 'User-agent: deep-research/2\nDisallow: /', '/a', false],
    ['part of a name is another name', 'User-agent: deep\nDisallow: /', '/a', true],
    [
      'groups of one name add up',
      'User-agent: deep-research\nDisallow: /a\nUser-agent: x\nDisallow: /b\nUser-agent: deep-research\nDisallow: /c',
      '/c',
      false,
    ],
    ['several names share a group', 'User-agent: x\nUser-agent: deep-research\nDisallow: /a', '/a', false],
    ['rules before any name are no one’s', 'Disallow: /a\nUser-agent: *', '/a', true],
  ];

  it.each(table)('%s', (_what, robots, path, allowed) => {
    expect(allows(robots, path)).toBe(allowed);
  });

  it('reads hostile files to their end', () => {
    const stars = forAll(`Disallow: /${'*a'.repeat(2000)}$`, `Disallow: /x${' '.repeat(400_000)}y`);
    expect(allows(stars, `/${'a'.repeat(1999)}b`)).toBe(true);
  });
});

describe('robotsPermit', () => {
  let server: LocalServer;
  let robots: [status: number, body: string];
  let time: number;
  const paths: string[] = [];
  const signal = new AbortController().signal;
  const names = { 'site.example': [PUBLIC], 'inside.example': ['10.0.0.1'] };
  beforeAll(async () => {
    server = await httpServer((request, response) => {
      paths.push(request.url!);
      if (request.url === '/robots.txt') response.writeHead(robots[0], { location: '/robots.txt' }).end(robots[1]);
      else if (request.url === '/moved') response.writeHead(302, { location: '/private' }).end();
      else response.end('page');
    });
  });
  afterAll(() => server.close());
  beforeEach(() => {
    paths.length = 0;
    time = 0;
  });

  function visitor() {
    const network = recordingNetwork(names, server.port);
    const permit = robotsPermit({ network, userAgent: AGENT }, () => time);
    return (url: string) => safeFetch(url, { network, permit }, signal);
  }

  it('keeps to the rules, on redirects as well, and asks for them once', async () => {
    robots = [200, forAll('Disallow: /private')];
    const visit = visitor();
    await Promise.all([visit('http://site.example/a'), visit('http://site.example/b')]);
    for (const path of ['private', 'moved'])
      await expect(visit(`http://site.example/${path}`)).rejects.toMatchObject({
        kind: 'robots',
        message: `The page at http://site.example/${path} could not be opened: its site asks programs not to read it (robots.txt).`,
      });
    expect(paths.filter((path) => path === '/robots.txt')).toHaveLength(1);
    expect(paths).not.toContain('/private');
  });

  it('asks again after a day', async () => {
    robots = [200, ''];
    const visit = visitor();
    await visit('http://site.example/a');
    robots = [200, forAll('Disallow: /')];
    time += 23 * 3_600_000;
    await visit('http://site.example/a');
    time += 2 * 3_600_000;
    await expect(visit('http://site.example/a')).rejects.toThrow('asks programs not to read it');
  });

  it.each([404, 403, 410, 301])('takes status %i for no rules', async (status) => {
    robots = [status, forAll('Disallow: /')];
    expect((await visitor()('http://site.example/a')).status).toBe(200);
  });

  it.each([500, 503, 429])('takes status %i for no permission, and tries again soon', async (status) => {
    robots = [status, ''];
    const visit = visitor();
    await expect(visit('http://site.example/a')).rejects.toThrow(
      `the rules of its site for programs could not be read (robots.txt: its server answered ${status}).`,
    );
    robots = [200, ''];
    await expect(visit('http://site.example/a')).rejects.toThrow('could not be read');
    time += 6 * 60_000;
    expect((await visit('http://site.example/a')).status).toBe(200);
  });

  it('does not reach inside for them', async () => {
    await expect(visitor()('http://inside.example/a')).rejects.toMatchObject({ kind: 'refused' });
    expect(paths).toEqual([]);
  });

  it('lets one caller give up without the others', async () => {
    robots = [200, ''];
    const permit = robotsPermit({ network: recordingNetwork(names, server.port), userAgent: AGENT });
    const cancel = new AbortController();
    const url = new URL('http://site.example/a');
    const first = permit(url, url.href, cancel.signal);
    const second = permit(url, url.href, signal);
    cancel.abort(new Error('gave up'));
    await expect(first).rejects.toThrow('gave up');
    await second;
    expect(paths).toEqual(['/robots.txt']);
  });
});
