import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

type Ip = ipaddr.IPv4 | ipaddr.IPv6;
type Cidr = [Ip, number];

/** Decides which hosts may be looked up and which addresses may be connected to. */
export interface AddressPolicy {
  /** For a host as `URL.hostname` gives it: a name, an IPv4 address or an IPv6 address in brackets. */
  permitsHost(hostname: string): boolean;
  /** For an address that `hostname` was resolved to. Every address of a name has to be permitted. */
  permitsAddress(address: string, hostname: string): boolean;
}

const GLOBAL_UNICAST: Cidr = ipaddr.parseCIDR('2000::/3') as Cidr;
const NAT64: Cidr = ipaddr.parseCIDR('64:ff9b::/96') as Cidr;

/** Metadata services that hand out credentials, at the addresses the cloud providers document; some look public. */
const METADATA: Cidr[] = [
  '169.254.0.0/16', // AWS, Azure, Google, Oracle, DigitalOcean, Tencent: all in the link-local range
  '168.63.129.16/32', // Azure
  '100.100.100.200/32', // Alibaba
  '192.0.0.192/32', // Oracle
  'fd00:ec2::/32', // AWS
  'fd20:ce::254/128', // Google
].map((cidr) => ipaddr.parseCIDR(cidr) as Cidr);

/** What an intranet may be made of; `allowPrivate` opens nothing else. */
const OPENABLE = new Set(['private', 'loopback', 'carrierGradeNat', 'uniqueLocal', 'reserved', 'benchmarking']);

/** Names that lead nowhere on the public internet, by RFC 6761, 6762, 8375, ICANN's `internal`, and by custom. */
const LOCAL_SUFFIX =
  /(^|\.)(localhost|local|localdomain|internal|intranet|private|corp|home|lan|home\.arpa|svc|invalid)$/;

/** Whether an address literal is a public unicast one that embeds no IPv4 address. */
export function isPublicAddress(address: string): boolean {
  const ip = parseStrictly(address);
  return ip !== undefined && isPublic(ip);
}

/**
 * The policy that refuses everything which is not public, except what an operator with an intranet lists:
 * addresses and CIDR ranges (`10.1.0.0/16`), host names (`wiki.corp.example`), or names below a domain
 * (`*.corp.example`). Link-local, multicast, unspecified and metadata addresses cannot be opened; `64:ff9b::/96`
 * (networks that reach IPv4 by NAT64) opens the public IPv4 addresses behind it. Throws on an entry it cannot honour.
 */
export function addressPolicy(allowPrivate: readonly string[] = []): AddressPolicy {
  const ranges: Cidr[] = [];
  const names: string[] = [];
  for (const entry of allowPrivate) {
    if (isIP(entry.split('/')[0]!) !== 0) ranges.push(parseRange(entry));
    else names.push(parseName(entry));
  }
  const namesHost = (host: string) => names.some((name) => (name[0] === '.' ? host.endsWith(name) : host === name));

  function permits(ip: Ip, listedHost: boolean): boolean {
    if (isPublic(ip)) return true;
    if (METADATA.some((range) => inside(ip, range))) return false;
    const listed = ranges.some((range) => inside(ip, range));
    if (inside(ip, NAT64)) return listed && permits(new ipaddr.IPv4(ip.toByteArray().slice(12)), false);
    return OPENABLE.has(ip.range()) && (listed || listedHost);
  }

  function permitsAddress(address: string, hostname: string): boolean {
    const ip = parseStrictly(address);
    return ip !== undefined && permits(ip, namesHost(bare(hostname)));
  }

  return {
    permitsAddress,
    permitsHost(hostname) {
      const host = bare(hostname);
      if (isIP(host) !== 0) return permitsAddress(host, host);
      if (host === '' || host.includes('..')) return false;
      // With ranges opened, a local name may lead into one of them: then its addresses decide.
      return namesHost(host) || ranges.length > 0 || (host.includes('.') && !LOCAL_SUFFIX.test(host));
    },
  };
}

/** A hostname without brackets and without the dot of a fully qualified name, in lower case. */
export function bare(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}

/** Takes only what `net` takes as an address: ipaddr.js also reads octal, hexadecimal and short forms. */
function parseStrictly(address: string): Ip | undefined {
  return isIP(address) === 0 || address.includes('%') ? undefined : ipaddr.parse(address);
}

function isPublic(ip: Ip): boolean {
  if (ip.range() !== 'unicast' || METADATA.some((range) => inside(ip, range))) return false;
  if (ip.kind() === 'ipv4') return true;
  const parts = (ip as ipaddr.IPv6).parts;
  const isatap = (parts[4]! & 0xfdff) === 0 && parts[5] === 0x5efe;
  return inside(ip, GLOBAL_UNICAST) && !isatap;
}

function inside(ip: Ip, range: Cidr): boolean {
  return ip.kind() === range[0].kind() && ip.match(range);
}

function parseRange(entry: string): Cidr {
  try {
    const ip = parseStrictly(entry.split('/')[0]!)!;
    const range: Cidr = entry.includes('/') ? (ipaddr.parseCIDR(entry) as Cidr) : [ip, ip.toByteArray().length * 8];
    if (METADATA.some((metadata) => inside(ip, metadata))) throw new Error('metadata');
    if (OPENABLE.has(ip.range()) || inside(ip, NAT64)) return range;
  } catch {
    // Falls through: one sentence serves malformed and forbidden ranges.
  }
  throw new Error(`allowPrivate: "${entry}" is not a private address or range; expected one such as 10.1.0.0/16.`);
}

function parseName(entry: string): string {
  const wildcard = entry.startsWith('*.');
  const name = bare(wildcard ? entry.slice(2) : entry);
  const parsed = URL.parse(`http://${name}/`);
  if (!/[\s/:@?#*]/.test(name) && parsed !== null && parsed.hostname !== '' && isIP(parsed.hostname) === 0)
    return (wildcard ? '.' : '') + parsed.hostname;
  throw new Error(`allowPrivate: "${entry}" is not a host name, address or range; expected one such as wiki.example.`);
}
