import type { FastifyRequest } from 'fastify';
import { expect, it } from 'vitest';
import { Authenticator } from '../../../src/access/authenticator.ts';
import { keyCaller } from '../../../src/access/caller.ts';
import { AccessWatch } from '../../../src/http/access/access-watch.ts';

const CALLER = keyCaller('id', ['read'], undefined);
const requestOf = (authorization: string) => ({ raw: { headers: { authorization } } }) as FastifyRequest;

/** A watch whose clock stands still, so that the memory of the authenticator never ends. */
function setUp() {
  const state = { known: new Set(['one', 'other']), isDown: false, asked: 0 };
  const authenticator = new Authenticator({ monotonic: () => 0 }, [
    async (key) => {
      state.asked += 1;
      if (state.isDown) throw new Error('Redis is down');
      return state.known.has(key) ? { caller: CALLER, forMs: 1_000 } : undefined;
    },
  ]);
  const watch = new AccessWatch(authenticator);
  const lost: string[] = [];
  const open = (key: string) =>
    watch.watch(requestOf(`Bearer ${key}`), () => {
      lost.push(key);
    });
  return { state, watch, authenticator, lost, open };
}

it('ends all that a key has open with the first look after its end, whatever is remembered of it', async () => {
  const { state, watch, authenticator, lost, open } = setUp();
  for (const key of ['one', 'one', 'other']) open(key);
  await authenticator.identify('Bearer one');
  await watch.run();
  expect(lost).toEqual([]);
  state.known.delete('one');
  await watch.run();
  expect(lost).toEqual(['one', 'one']);
});

it('ends nothing while nobody can tell', async () => {
  const { state, watch, lost, open } = setUp();
  open('one');
  state.isDown = true;
  await watch.run();
  expect(lost).toEqual([]);
});

it('asks once for each key, and never for keys that have nothing open', async () => {
  const { state, watch, open } = setUp();
  const ends = [open('one'), open('one'), open('other')];
  await watch.run();
  expect(state.asked).toBe(2);
  for (const end of ends) end();
  await watch.run();
  expect(state.asked).toBe(2);
});

it('looks once a second', async () => {
  expect(await setUp().watch.run()).toBe(1_000);
});
