import { describe, expect, it } from 'vitest';
import { addressTest, clientNetwork, plainAddress } from '../../../src/http/network/client-network.ts';

describe('clientNetwork', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['unknown', 'unknown'],
    ['203.0.113.7:4711', '203.0.113.7'],
    ['[2001:db8:1:2::9]:4711', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::9]', '2001:db8:1:2::/64'],
  ])('of %s is %s', (address, network) => {
    expect(clientNetwork(address)).toBe(network);
  });
});

describe('addressTest', () => {
  const isTrusted = addressTest(['127.0.0.1', '10.0.0.0/8', '2001:db8::/32']);

  it.each(['127.0.0.1', '10.1.2.3', '::ffff:10.1.2.3', '2001:db8:7::1'])('holds for %s', (address) => {
    expect(isTrusted(address)).toBe(true);
  });

  it.each(['127.0.0.2', '11.0.0.1', '::ffff:11.0.0.1', '2001:db9::1', '::1', 'unknown', ''])(
    'does not hold for %j',
    (address) => {
      expect(isTrusted(address)).toBe(false);
    },
  );

  it('holds for nothing without networks', () => {
    expect(addressTest([])('127.0.0.1')).toBe(false);
  });
});

describe('plainAddress', () => {
  it('keeps IPv6 addresses that only begin like a mapped one', () => {
    expect(plainAddress('::ffff:0:1.2.3.4')).toBe('::ffff:0:1.2.3.4');
  });
});
