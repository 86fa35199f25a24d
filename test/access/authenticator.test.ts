import { describe, expect, it } from 'vitest';
import {
  Authenticator,
  adminRecognizer,
  keyRecognizer,
  type Recognized,
} from '../../src/access/authenticator.ts';
import { ADMIN, keyCaller } from '../../src/access/caller.ts';
import { digestOf, formatKey, newKey } from '../../src/access/key-text.ts';

const CALLER = keyCaller('id', ['read'], undefined);

/** An authenticator with a clock of the test, and a recognizer that knows `known`. */
function setUp(forMs = Number.POSITIVE_INFINITY) {
  const state = { now: 0, asked: 0, isDown: false, known: new Set(['good']) };
  const recognize = async (token: string): Promise<Recognized | undefined> => {
    state.asked += 1;
    if (state.isDown) throw new Error('Redis is down');
    return state.known.has(token) ? { caller: CALLER, forMs } : undefined;
  };
  const authenticator = new Authenticator({ monotonic: () => state.now }, [recognize]);
  return {
    state,
    identify: (header?: string) => authenticator.identify(header),
    look: (header: string) => authenticator.look(header),
  };
}

describe('the authenticator', () => {
  it('remembers a caller for two seconds, and needs no promise then', async () => {
    const { state, identify } = setUp();
    expect(await identify('Bearer good')).toBe(CALLER);
    state.now = 1_999;
    expect(identify('Bearer good')).toBe(CALLER);
    state.now = 2_000;
    expect(identify('Bearer good')).toBeInstanceOf(Promise);
    expect(state.asked).toBe(2);
  });

  it('refuses a revoked key two seconds later', async () => {
    const { state, identify } = setUp();
    await identify('Bearer good');
    state.known.clear();
    state.now = 2_000;
    expect(await identify('Bearer good')).toBeUndefined();
    expect(identify('Bearer good')).toBeUndefined();
  });

  it('counts the two seconds from before the look', async () => {
    const { state, identify } = setUp();
    const looking = identify('Bearer good');
    state.now = 1_500;
    await looking;
    state.now = 2_000;
    state.known.clear();
    expect(await identify('Bearer good')).toBeUndefined();
  });

  it('sees at once that a key is revoked when it is told to look, and remembers that', async () => {
    const { state, identify, look } = setUp();
    await identify('Bearer good');
    state.known.clear();
    expect(identify('Bearer good')).toBe(CALLER);
    expect(await look('Bearer good')).toBeUndefined();
    expect(identify('Bearer good')).toBeUndefined();
    state.known.add('good');
    expect(await Promise.all([look('Bearer good'), look('Bearer good')])).toEqual([CALLER, CALLER]);
    expect(state.asked).toBe(3);
  });

  it('remembers a caller no longer than its key is valid', async () => {
    const { state, identify } = setUp(500);
    await identify('Bearer good');
    state.now = 500;
    expect(identify('Bearer good')).toBeInstanceOf(Promise);
  });

  it('lets nobody in when it cannot look, not even whom it knew', async () => {
    const { state, identify } = setUp();
    await identify('Bearer good');
    state.isDown = true;
    expect(identify('Bearer good')).toBe(CALLER);
    state.now = 2_000;
    await expect(identify('Bearer good')).rejects.toThrow('Redis is down');
    state.isDown = false;
    expect(await identify('Bearer good')).toBe(CALLER);
  });

  it('looks once for many requests at a time', async () => {
    const { state, identify } = setUp();
    await Promise.all(Array.from({ length: 100 }, () => identify('Bearer good')));
    await Promise.all(Array.from({ length: 100 }, () => identify('Bearer bad')));
    expect(identify('Bearer bad')).toBeUndefined();
    expect(state.asked).toBe(2);
  });

  it('forgets unknown headers before they are too many, and known ones stay', async () => {
    const { state, identify } = setUp();
    await identify('Bearer good');
    for (let i = 0; i < 5_000; i += 1) await identify(`Bearer bad${i}`);
    expect(state.asked).toBe(5_001);
    expect(identify('Bearer good')).toBe(CALLER);
    expect(identify('Bearer bad0')).toBeInstanceOf(Promise);
  });

  it.each([undefined, '', 'good', 'Basic good', 'Bearer', 'Bearer ', 'Bearer good good', 'Bearer: good'])(
    '%j stands for nobody, and nobody is asked',
    async (header) => {
      const { state, identify } = setUp();
      expect(await identify(header)).toBeUndefined();
      expect(state.asked).toBe(0);
    },
  );

  it('reads the scheme in any case', async () => {
    expect(await setUp().identify('bEARER good')).toBe(CALLER);
  });
});

describe('a recognizer', () => {
  it('knows ADMIN_KEY', async () => {
    const recognize = adminRecognizer('x'.repeat(32));
    expect((await recognize('x'.repeat(32)))?.caller).toBe(ADMIN);
    expect(await recognize('x'.repeat(33))).toBeUndefined();
  });

  it('knows a key by its id and the hash of its secret, until it expires', async () => {
    const text = newKey(1);
    const record = {
      name: 'n',
      scopes: ['read'],
      createdAt: 1,
      expiresAt: 100,
      digest: digestOf(text.secret).toString('base64url'),
    };
    const at = (now: number) =>
      keyRecognizer({ find: async (id) => ({ record: id === text.id ? record : undefined, now }) });
    const known = await at(40)(formatKey(text));
    expect(known).toMatchObject({ forMs: 60, caller: { id: text.id } });
    expect(known?.caller.may('read')).toBe(true);
    expect(await at(100)(formatKey(text))).toBeUndefined();
    expect(await at(40)(formatKey({ ...newKey(1), id: text.id }))).toBeUndefined();
    expect(await at(40)(formatKey(newKey(1)))).toBeUndefined();
    expect(await at(40)('another text')).toBeUndefined();
  });
});
