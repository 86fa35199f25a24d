import { describe, expect, it } from 'vitest';
import { addressRefusal } from '../../../src/tasks/http/public-address.ts';

const REFUSED: Record<string, string[]> = {
  loopback: ['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1'],
  private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.0.1', '::ffff:10.0.0.1', '::ffff:c0a8:1'],
  linkLocal: ['169.254.169.254', '169.254.0.1', 'fe80::1', 'febf::1', '::ffff:169.254.169.254'],
  carrierGradeNat: ['100.64.0.1', '100.100.100.200', '100.127.255.255'],
  uniqueLocal: ['fc00::1', 'fd00:ec2::254'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1'],
  unspecified: ['0.0.0.0', '0.1.2.3', '::', '::ffff:0.0.0.0'],
  broadcast: ['255.255.255.255'],
  reserved: [
    '192.0.0.192',
    '192.0.2.1',
    '192.88.99.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '240.0.0.1',
    '2001:db8::1',
    '3fff::1',
    '::7f00:1',
    '::127.0.0.1',
    '::8.8.8.8',
    '4000::1',
    'f000::1',
  ],
  platform: ['168.63.129.16', '::ffff:168.63.129.16'],
  rfc6052: ['64:ff9b::7f00:1', '64:ff9b::8.8.8.8', '64:ff9b:1::1'],
  rfc6145: ['::ffff:0:127.0.0.1'],
  '6to4': ['2002:7f00:1::', '2002:808:808::1'],
  teredo: ['2001::1', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
  deprecatedSiteLocal: ['fec0::1'],
  discard: ['100::1'],
  zoned: ['2606:4700::1111%eth0'],
  invalid: [
    '',
    'localhost',
    '127.1',
    '0x7f000001',
    '2130706433',
    '0177.0.0.1',
    '[::1]',
    '1.2.3.4.5',
    '1.2.3.4 ',
  ],
};

describe('addressRefusal', () => {
  for (const [range, addresses] of Object.entries(REFUSED)) {
    it.each(addresses)(`refuses %j as ${range}`, (address) => {
      expect(addressRefusal(address)).toBe(range);
    });
  }

  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '93.184.215.14',
    '172.15.255.255',
    '172.32.0.1',
    '100.63.255.255',
    '100.128.0.1',
    '168.63.129.17',
    '2606:4700:4700::1111',
    '2a00:1450:4001:830::200e',
    '::ffff:8.8.8.8',
  ])('allows %s', (address) => {
    expect(addressRefusal(address)).toBeUndefined();
  });
});
