import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from './listen.ts';

/** In every value that is a secret. */
export const MARK = 'planted';

/** A secret for a place, which names the place. */
export const planted = (where: string): string => `${MARK}-${where}-0123456789`;

/** The mark in base64 after no, one and two bytes, without the ends, which depend on what is beside it. */
const IN_BASE64 = [0, 1, 2].map((before) =>
  Buffer.from(' '.repeat(before) + MARK)
    .toString('base64')
    .slice(Math.ceil((before * 8) / 6), Math.floor(((before + MARK.length) * 8) / 6)),
);

const FORMS = [MARK, ...IN_BASE64, Buffer.from(MARK).toString('hex')];
const TRACE = new RegExp(`.{0,160}(?:${FORMS.join('|')}).{0,40}`, 'g');

/** Every place where a planted secret came out, by where it did: as it is, in base64 and in hex. */
export const findPlanted = (out: Record<string, string>): string[] =>
  Object.entries(out).flatMap(([where, said]) => [...said.matchAll(TRACE)].map(([line]) => `${where}: ${line}`));

/** A service that fails, and says in its error all that it was sent: address, headers and body. */
export const startEcho = () =>
  listen(
    createServer(async (request, response) => {
      const said = { url: request.url, headers: request.headers, body: await text(request) };
      response.writeHead(request.url?.includes('mcp') ? 500 : 400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: `I was sent ${JSON.stringify(said)}` }, message: said }));
    }),
  );

/** Its address with a login and a parameter that are secrets. */
export const withSecrets = (url: string, path: string): string =>
  `${url.replace('://', `://name:${planted('password')}@`)}${path}?api_key=${planted('parameter')}`;
