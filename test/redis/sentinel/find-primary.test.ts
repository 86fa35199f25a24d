import { expect, it } from 'vitest';
import type { Endpoint } from '../../../src/redis/address/redis-url.ts';
import { findPrimary, type Told } from '../../../src/redis/sentinel/find-primary.ts';

const OLD: Endpoint = { host: 'old', port: 1 };
const NEW: Endpoint = { host: 'new', port: 2 };
const never = new Promise<Told>(() => undefined);
const says = (primary: Endpoint, epoch: number) => Promise.resolve({ primary, epoch });
const fails = (reason: string) => Promise.reject(new Error(reason));

/** Each sentinel answers in its way. */
const find = (...answers: readonly Promise<Told>[]) => {
  const sentinels = answers.map((_, i) => ({ host: `s${i}`, port: 26_379 }));
  return findPrimary(sentinels, ({ host }) => answers[Number(host.slice(1))] ?? never);
};

it('does not wait for a sentinel that hangs, once most of them agree', async () => {
  expect(await find(never, says(NEW, 2), says(NEW, 2))).toEqual(NEW);
});

it('believes the newest answer when there is no majority', async () => {
  expect(await find(says(OLD, 1), says(NEW, 2), fails('away'))).toEqual(NEW);
  expect(await find(says(NEW, 2), fails('away'), fails('away'))).toEqual(NEW);
  expect(await find(says(NEW, 0))).toEqual(NEW);
});

it('does not believe one that is cut off from the others', async () => {
  expect(await find(says(OLD, 9), says(NEW, 2), says(NEW, 2))).toEqual(NEW);
});

it('tells of each sentinel why it names none', async () => {
  await expect(find(fails('connect ECONNREFUSED'), fails('no such name'))).rejects.toThrow(
    'No sentinel names the primary (s0:26379: connect ECONNREFUSED; s1:26379: no such name)',
  );
});
