import { createHash, X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';
import { expect, test } from 'vitest';
import { addressPolicy } from '../../activities/web/address.ts';
import { pageBrowser } from '../../activities/web/browser/page-browser.ts';
import { selfSigned } from '../unit/safe-fetch-certificate.ts';
import { listening, PUBLIC, recordingNetwork } from '../unit/safe-fetch-network.ts';
import { chromiumHere } from './page-browser-stand.ts';

const TEXT = 'The tide gauge stood at four metres before noon. '.repeat(8);

test('pages come over TLS, and not from a server whose certificate is not trusted', async () => {
  const certificate = selfSigned('site.example');
  const site = await listening(
    createServer(certificate, (_, response) => response.setHeader('content-type', 'text/html').end(`<p>${TEXT}</p>`)),
  );
  const network = recordingNetwork({ 'site.example': [PUBLIC], 'other.example': [PUBLIC] }, site.port);
  const key = new X509Certificate(certificate.cert).publicKey.export({ type: 'spki', format: 'der' });
  const trusted = createHash('sha256').update(key).digest('base64');
  const open = async (switches: string[]) => {
    const browser = pageBrowser({ ...chromiumHere(), policy: addressPolicy(), userAgent: 'x', network, switches });
    try {
      return await browser.render('https://site.example/', undefined, new AbortController().signal);
    } finally {
      await browser.close();
    }
  };
  expect((await open([`--ignore-certificate-errors-spki-list=${trusted}`])).html).toContain('tide gauge');
  expect(network.connections[0]).toBe(`${PUBLIC}:443`);
  await expect(open([])).rejects.toThrow('the browser does not trust the security certificate of its server.');
  await site.close();
});
