import type { AddressPolicy } from './address.ts';
import { FetchError } from './fetch-error.ts';

/**
 * Ports from 1024 up that speak something other than HTTP: those that browsers block (the Fetch standard's list)
 * and the usual ports of databases, caches, queues and cluster control.
 */
const OTHER_SERVICES = new Set([
  1433, 1521, 1719, 1720, 1723, 1883, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 4369, 5060, 5061,
  5432, 5672, 5900, 5984, 5985, 5986, 6000, 6379, 6443, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 7233, 8086,
  9042, 9092, 9200, 9300, 10080, 10250, 10255, 11211, 27017,
]);

export interface UrlRules {
  policy: AddressPolicy;
  /** Ports to open besides the default ones. */
  ports?: readonly number[];
}

/**
 * Reads an address and checks all that can be checked before a look-up: http or https; no user information; port 80,
 * 443, or one from 1024 up that is not another service's; a host that is not local. The fragment goes, and so does the
 * final dot of a name, which certificates do not have. Throws `FetchError` about `asked`, the page the model named.
 */
export function checkUrl(address: string | URL, rules: UrlRules, asked: string): URL {
  const redirected = String(address) !== asked;
  const subject = redirected ? 'it redirects to an address that' : 'its address';
  const url = URL.parse(String(address));
  if (url === null) throw new FetchError('url', asked, `${subject} is not a valid web address`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new FetchError('url', asked, `${subject} does not begin with http:// or https://`);
  if (url.username !== '' || url.password !== '')
    throw new FetchError('url', asked, `${subject} contains a user name or password`);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  if (!isWebPort(port) && !rules.ports?.includes(port))
    throw new FetchError('url', asked, `${subject} has a port that is not used for web pages`);
  url.hostname = url.hostname.replace(/\.$/, '');
  url.hash = '';
  if (!rules.policy.permitsHost(url.hostname)) throw new FetchError('refused', asked, `${subject} is not a public one`);
  return url;
}

function isWebPort(port: number): boolean {
  return port === 80 || port === 443 || (port >= 1024 && !OTHER_SERVICES.has(port));
}
