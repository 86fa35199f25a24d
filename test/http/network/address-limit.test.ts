import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { AddressLimit } from '../../../src/http/network/address-limit.ts';

const connection = (remoteAddress: string | undefined) =>
  Object.assign(new EventEmitter(), { remoteAddress });

describe('AddressLimit', () => {
  it('refuses what is beyond the limit of an address, and takes more when one has closed', () => {
    const limit = new AddressLimit(2, () => false);
    const [first, second, third] = [1, 2, 3].map(() => connection('203.0.113.7'));
    expect([first, second, third].map((socket) => socket && limit.enter(socket))).toEqual([
      true,
      true,
      false,
    ]);
    expect(limit.enter(connection('203.0.113.8'))).toBe(true);
    first?.emit('close');
    expect(limit.enter(connection('::ffff:203.0.113.7'))).toBe(true);
    expect(limit.enter(connection('203.0.113.7'))).toBe(false);
  });

  it('counts a network of IPv6 as one client', () => {
    const limit = new AddressLimit(1, () => false);
    expect(limit.enter(connection('2001:db8::1'))).toBe(true);
    expect(limit.enter(connection('2001:db8::2'))).toBe(false);
    expect(limit.enter(connection('2001:db8:0:1::1'))).toBe(true);
  });

  it('lets exempt addresses and those that have gone pass', () => {
    const limit = new AddressLimit(1, (address) => address === '10.0.0.1');
    for (let count = 0; count < 3; count += 1) {
      expect(limit.enter(connection('10.0.0.1'))).toBe(true);
      expect(limit.enter(connection(undefined))).toBe(true);
    }
  });

  it('keeps nothing of addresses whose connections have closed', () => {
    const limit = new AddressLimit(2, () => false);
    const sockets = Array.from({ length: 100 }, (_, i) => connection(`203.0.113.${i}`));
    for (const socket of sockets) limit.enter(socket);
    expect(limit.size).toBe(100);
    for (const socket of sockets) socket.emit('close');
    expect(limit.size).toBe(0);
  });
});
