import { expect, it } from 'vitest';
import { ReadAhead } from '../../../workers/intake/read-ahead.ts';

it('is off until an attempt has ended', () => {
  expect(new ReadAhead(10).jobs).toBe(0);
});

it('holds as many jobs as start within 2 ms, at most the concurrency', () => {
  const readAhead = new ReadAhead(10);
  readAhead.record(0.5);
  expect(readAhead.jobs).toBe(4);
  for (let i = 0; i < 100; i += 1) readAhead.record(0.01);
  expect(readAhead.jobs).toBe(10);
});

it('may hold four jobs even at a concurrency of one', () => {
  const readAhead = new ReadAhead(1);
  readAhead.record(0.01);
  expect(readAhead.jobs).toBe(4);
});

it('is turned off at once by a long attempt, and by a reset', () => {
  const readAhead = new ReadAhead(10);
  readAhead.record(0.01);
  readAhead.record(5);
  expect(readAhead.jobs).toBe(0);
  readAhead.record(0.01);
  readAhead.reset();
  expect(readAhead.jobs).toBe(0);
});
