import { describe, expect, it } from 'vitest';
import {
  isLeaseName,
  newConsumerName,
  newLeaseName,
  parseWorkerName,
  replacementLeaseName,
} from '../../src/lifecycle/consumer-name.ts';

describe('the name of a consumer', () => {
  it('tells worker processes and HTTP leases apart', () => {
    expect(isLeaseName(newConsumerName(123))).toBe(false);
    for (const worker of ['py-1@host', '', 'ü b', 'x'.repeat(255)]) {
      expect(isLeaseName(newLeaseName(worker)), worker).toBe(true);
    }
  });

  it('is never the same twice', () => {
    expect(newConsumerName(1)).not.toBe(newConsumerName(1));
    expect(newLeaseName('a')).not.toBe(newLeaseName('a'));
  });

  it('of a replacement is the same for a repeated request, and keeps the worker', () => {
    const ended = newLeaseName('py-1@host');
    const name = replacementLeaseName(ended, 'digest');
    expect(name).toMatch(/^py-1@host\.[0-9a-f]{24}$/);
    expect(replacementLeaseName(ended, 'digest')).toBe(name);
    expect(replacementLeaseName(ended, 'other')).not.toBe(name);
    expect(replacementLeaseName(name, 'digest')).not.toBe(name);
  });
});

describe('host and process id', () => {
  const lease = (worker: string) => `${worker}.${'0'.repeat(24)}`;

  it.each([
    ['a worker process', 'web-1.42.0a1b2c3d4e', { host: 'web-1', pid: 42 }],
    ['a worker with process id and host', lease('py-7@db.local'), { host: 'db.local', pid: 7 }],
    ['a worker with a host', lease('py@db'), { host: 'db' }],
    ['a worker with another name', lease('importer'), { host: 'importer' }],
    ['a name of another form', 'anything', { host: 'anything' }],
  ])('are read from the name of %s', (_, name, expected) => {
    expect(parseWorkerName(name)).toEqual(expected);
  });
});
