import { beforeEach, describe, expect, it } from 'vitest';
import { MOST_WRONG_KEYS, networkOf, WrongKeys } from '../../src/access/wrong-keys.ts';
import { createManualClock, type ManualClock } from '../helpers/workers/manual-clock.ts';

let clock: ManualClock;
let wrong: WrongKeys;
beforeEach(() => {
  clock = createManualClock();
  wrong = new WrongKeys(clock);
});

function spend(address: string): void {
  for (let i = 0; i < MOST_WRONG_KEYS; i += 1) expect(wrong.note(address, `key ${i}`)).toBeUndefined();
}

describe('wrong keys of an address', () => {
  it('are too many from the 101st within a minute on', () => {
    spend('192.0.2.1');
    clock.advance(20_000);
    expect(wrong.note('192.0.2.1', 'new')).toBe(40_000);
    clock.advance(40_000);
    spend('192.0.2.1');
  });

  it('count once, however often one of them is sent', () => {
    for (let i = 0; i < 500; i += 1) expect(wrong.note('192.0.2.1', 'old')).toBeUndefined();
    spend('192.0.2.2');
    expect(wrong.note('192.0.2.2', 'key 5')).toBeUndefined();
  });

  it('are counted apart from those of others', () => {
    spend('192.0.2.1');
    expect(wrong.note('192.0.2.2', 'new')).toBeUndefined();
  });

  it('are counted together with those of its network of IPv6', () => {
    spend('2001:db8:1:2::1');
    expect(wrong.note('2001:db8:1:2:ffff::9', 'new')).toBeGreaterThan(0);
    expect(wrong.note('2001:db8:1:3::1', 'new')).toBeUndefined();
  });

  it('are forgotten only after those of 10,000 others', () => {
    spend('192.0.2.1');
    for (let i = 0; i < 9_999; i += 1) wrong.note(`a${i}`, 'x');
    expect(wrong.note('192.0.2.1', 'new')).toBeGreaterThan(0);
    for (let i = 0; i < 10_000; i += 1) wrong.note(`b${i}`, 'x');
    expect(wrong.note('192.0.2.1', 'new')).toBeUndefined();
  });
});

describe('the network of an address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['', ''],
  ])('of %j is %j', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
