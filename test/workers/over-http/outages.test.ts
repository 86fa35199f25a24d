import { expect, it } from 'vitest';
import { Outages } from '../../../workers/over-http/outages.ts';

it('counts as one outage what fails until a request is served', () => {
  const outages = new Outages();
  expect([outages.failed('/leases', 'away'), outages.failed('/jobs/a/log', 'away')]).toEqual([1, 1]);
  outages.served('/leases');
  expect(outages.failed('/jobs/a/log', 'away')).toBe(2);
  outages.served('/jobs/a/log');
  expect(outages.failed('/leases', 'away')).toBe(3);
});

it('tells a key that is not taken apart from an API that is away, and other refusals from neither', () => {
  const outages = new Outages();
  expect(outages.failed('/leases', 'away')).toBe(1);
  expect(outages.failed('/leases', 'key')).toBe(2);
  expect(outages.failed('/leases', undefined)).toBe(2);
  outages.served('/leases');
  expect(outages.failed('/leases', undefined)).toBe(3);
});

it('goes on with an outage of takes while the API serves other requests', () => {
  const outages = new Outages();
  expect([outages.failed('/jobs/a/log', 'key'), outages.failed('/leases', 'key')]).toEqual([1, 1]);
  outages.served('/jobs/a/log');
  expect(outages.failed('/leases', 'key')).toBe(1);
});
