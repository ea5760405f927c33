import { describe, expect, it } from 'vitest';
import { addressPolicy, isPublicAddress } from '../../activities/web/address.ts';

const REFUSED = {
  loopback: ['127.0.0.1', '127.255.255.254', '::1'],
  unspecified: ['0.0.0.0', '0.1.2.3', '::'],
  private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
  'link-local': ['169.254.0.1', '169.254.169.254', 'fe80::1', 'febf::1'],
  'carrier NAT': ['100.64.0.1', '100.127.255.255'],
  'unique local': ['fc00::1', 'fdff::1'],
  'site-local': ['fec0::1'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1'],
  reserved: [
    '192.0.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '240.0.0.1',
    '2001:db8::1',
    '100::1',
  ],
  broadcast: ['255.255.255.255'],
  metadata: ['169.254.170.2', '100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254', 'fd20:ce::254'],
  'IPv4-mapped': ['::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:a9fe:a9fe'],
  'IPv4-compatible': ['::127.0.0.1', '::8.8.8.8'],
  'IPv4-translated': ['::ffff:0:10.0.0.1'],
  NAT64: ['64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b::8.8.8.8', '64:ff9b:1::a00:1'],
  '6to4': ['2002:7f00:1::', '2002:a9fe:a9fe::1'],
  Teredo: ['2001:0:7f00:1::', '2001:0:4136:e378:8000:63bf:80ff:fffe'],
  ISATAP: ['2600::5efe:10.0.0.1', '2600::200:5efe:10.0.0.1'],
  unassigned: ['4000::1', 'c000::1', '5f00::1'],
  'not an address': [
    '',
    'localhost',
    '0x7f.1',
    '0177.0.0.1',
    '2130706433',
    '127.1',
    'fe80::1%eth0',
    '2600::1%1',
    '[::1]',
  ],
};

describe('isPublicAddress', () => {
  for (const [what, addresses] of Object.entries(REFUSED))
    it.each(addresses)(`refuses ${what}: %s`, (address) => {
      expect(isPublicAddress(address)).toBe(false);
    });

  it.each([
    '8.8.8.8',
    '93.184.215.14',
    '172.32.0.1',
    '100.128.0.1',
    '169.253.1.1',
    '2606:4700::1111',
    '2a00:1450::1',
  ])('takes %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
});

describe('addressPolicy', () => {
  it.each([
    'localhost',
    'localhost.',
    'LOCALHOST',
    'a.localhost',
    'printer.local',
    'metadata.google.internal',
    'metadata.google.internal.',
    'instance-data',
    'kubernetes',
    'kubernetes.default.svc',
    'router.home.arpa',
    'wiki.corp',
    '',
    '.',
    'a..b',
    '127.0.0.1',
    '[::1]',
    '[::ffff:7f00:1]',
  ])('does not look up %j', (host) => {
    expect(addressPolicy().permitsHost(host)).toBe(false);
  });

  it.each([
    'example.org',
    'example.org.',
    'localhost.example.org',
    '8.8.8.8',
    '[2606:4700::1111]',
  ])('looks up or takes %s', (host) => {
    expect(addressPolicy().permitsHost(host)).toBe(true);
  });

  it('opens listed ranges, addresses and names, and nothing beside them', () => {
    const policy = addressPolicy(['10.1.0.0/16', 'fd12::/16', '127.0.0.1', 'wiki.corp', '*.lab.example']);
    const table: [string, string, boolean][] = [
      ['10.1.2.3', 'x.example', true],
      ['10.2.0.1', 'x.example', false],
      ['fd12::5', 'x.example', true],
      ['fd13::5', 'x.example', false],
      ['127.0.0.1', 'x.example', true],
      ['127.0.0.2', 'x.example', false],
      ['192.168.0.9', 'wiki.corp', true],
      ['192.168.0.9', 'WIKI.corp.', true],
      ['192.168.0.9', 'other.corp', false],
      ['192.168.0.9', 'a.lab.example', true],
      ['192.168.0.9', 'lab.example', false],
      ['192.168.0.9', 'evil-lab.example', false],
      ['::ffff:10.1.2.3', 'x.example', false],
    ];
    for (const [address, host, permitted] of table)
      expect([address, host, policy.permitsAddress(address, host)]).toEqual([address, host, permitted]);
    expect(policy.permitsHost('10.1.2.3')).toBe(true);
    expect(policy.permitsHost('10.2.2.3')).toBe(false);
  });

  it.each([
    '169.254.169.254',
    'fe80::1',
    '100.100.100.200',
    '192.0.0.192',
    'fd00:ec2::254',
    '0.0.0.0',
    '224.0.0.1',
  ])('never opens %s, not even for a listed name in a listed range', (address) => {
    const policy = addressPolicy(['wiki.corp', '10.0.0.0/0', '100.64.0.0/10', '192.0.0.0/24', 'fc00::/7']);
    expect(policy.permitsAddress(address, 'wiki.corp')).toBe(false);
  });

  it('opens NAT64 for public IPv4 addresses only', () => {
    const policy = addressPolicy(['64:ff9b::/96']);
    expect(policy.permitsAddress('64:ff9b::8.8.8.8', 'x.example')).toBe(true);
    expect(policy.permitsAddress('64:ff9b::10.0.0.1', 'x.example')).toBe(false);
    expect(policy.permitsAddress('64:ff9b::169.254.169.254', 'x.example')).toBe(false);
  });

  it.each([
    '8.8.8.8',
    '0.0.0.0/0',
    '::/0',
    '169.254.169.254',
    'fe80::/10',
    '10.0.0.0/33',
    '10.0.0.1/',
    'http://wiki',
    'wiki:80',
    '',
    '*',
    'a b',
    '127.1',
  ])('does not take %j for the list', (entry) => {
    expect(() => addressPolicy([entry])).toThrow(`allowPrivate: "${entry}" is not a`);
  });
});
