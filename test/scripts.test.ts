import { describe, expect, it } from 'vitest';
import { defineScript } from '../src/redis/script/define-script.ts';
import { inChunks, type LuaHelper, letters, now } from '../src/redis/script/lua.ts';
import { scripts } from '../src/scripts.ts';
import { faultsOf } from './helpers/redis/lua-rules.ts';
import { useRedis } from './helpers/redis/server.ts';

const redis = useRedis();

describe('every script', () => {
  it.each(scripts.map((script) => [script.name, script] as const))('%s keeps the rules', (_, script) => {
    expect(faultsOf(script)).toEqual([]);
  });

  it.each(scripts.map(({ name, lua }) => [name, lua] as const))('%s is compiled by Redis', async (_, lua) => {
    expect(await redis.client.script('LOAD', lua)).toMatch(/^[0-9a-f]{40}$/);
  });

  it('says that it only reads if it writes nothing, and only then', async () => {
    const listed = (await redis.client.command('LIST', 'FILTERBY', 'ACLCAT', 'write')) as string[];
    const writing = new Set(listed.map((name) => name.toUpperCase()));
    const writes = (lua: string) =>
      [...lua.matchAll(/redis\.p?call\('(\w+)'/g)].some(([, name = '']) => writing.has(name));
    const onlyReads = (lua: string) => lua.startsWith('#!lua flags=no-writes\n');
    const wrong = scripts.filter(({ lua }) => onlyReads(lua) === writes(lua));
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it('has a name of its own', () => {
    expect(new Set(scripts.map(({ name }) => name)).size).toBe(scripts.length);
  });

  it('asks for the time only if it uses it', () => {
    const timeless = scripts.filter(({ lua }) => !lua.includes("'TIME'")).map(({ name }) => name);
    expect(timeless).toEqual(
      expect.arrayContaining([
        'millrace:subscription-read',
        'millrace:subscription-ack',
        'millrace:unsubscribe',
      ]),
    );
  });
});

describe('the rules find', () => {
  const faults = (lua: string, uses: readonly LuaHelper[] = []) =>
    faultsOf(defineScript({ name: 'wrong', keys: ['notes'], args: ['id', { list: 'refs' }], uses, lua }));
  const right = `redis.call('HSET', notes, id, refs[1])`;

  it('nothing in a script that keeps them', () => {
    expect(faults(right)).toEqual([]);
  });

  it.each([
    ['an unknown global', `${right} return nowhere`, 'nowhere is an unknown global'],
    ['a global that is written', `${right} counted = 1`, 'counted is an unknown global'],
    ['a key by its number', `${right} return KEYS[1]`, 'KEYS[1] is a number for a name'],
    ['an argument by its number', `${right} return ARGV[12]`, 'ARGV[12] is a number for a name'],
    ['all keys at once', `${right} return unpack(KEYS)`, 'unpack(KEYS) is a number for a name'],
    ['a name that is not used', `redis.call('HGET', notes, refs[1])`, 'the name id is not used'],
    ['a local that is not used', `${right} local one, two = 1, 2 return one`, 'the local two is not used'],
    [
      'a local that is only used before',
      `${right} local one = 1 do local one = one end`,
      'the local one is not used',
    ],
    [
      'a parameter that is not used',
      `${right} local function twice(text) return 2 end return twice(1)`,
      'the local text is not used',
    ],
    ['a function that is not used', `${right} local function idle() end`, 'the local idle is not used'],
    [
      'an argument that is assigned',
      `${right} id = 1`,
      'id is a key or an argument: it cannot be declared or assigned',
    ],
    [
      'a function that is too long',
      `${right} local function long()${'\n'.repeat(60)}end long()`,
      'the function long has 61 lines',
    ],
  ])('%s', (_, lua, fault) => {
    expect(faults(lua)).toContain(fault);
  });

  it('a helper that is not used, even where its name is a text', () => {
    expect(faults(`${right} return 'now'`, [now])).toContain('the helper now is not used');
  });

  it('a helper that is used but not listed', () => {
    const script = defineScript({
      name: 'wrong',
      fragments: [{ uses: [letters], lua: 'redis.call(LETTERS[1]) ' }],
      lua: 'return LETTERS[2]',
    });
    expect(faultsOf(script)).toEqual(['the helper LETTERS is not listed where it is used']);
  });

  it('a helper with another name than its own, and one that it does not need', () => {
    const odd = { name: 'odd', uses: [inChunks], lua: 'local function even() end even()' };
    expect(faultsOf(defineScript({ name: 'wrong', uses: [odd], lua: 'return 1' }))).toEqual(
      expect.arrayContaining([
        'the helper odd does not declare its name',
        'the helper inChunks is not used by odd',
      ]),
    );
  });
});
