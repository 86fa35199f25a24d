import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import { bindParts, type LuaPart } from '../../../src/redis/script/bind-names.ts';
import { listValues } from '../../../src/redis/script/names.ts';

const PART = {
  queueKeys: ['notes', 'due', { lanes: 'dead' }],
  keys: ['result', { list: 'results' }],
  args: ['id', { records: 'jobs', of: ['place', 'token'] }],
} as const satisfies Omit<LuaPart, 'lua'>;

const sent = (lua: string, part: Omit<LuaPart, 'lua'> = PART): string => bindParts([{ ...part, lua }]).lua;

describe('names are sent as numbers', () => {
  it.each([
    ['notes', 'KEYS[1]'],
    ['result', 'KEYS[11]'],
    ['id', 'ARGV[1]'],
    ['#id', '#ARGV[1]'],
    ['due[place]', 'KEYS[1 + place]'],
    ['due[5]', 'KEYS[6]'],
    ['dead[i - 1]', 'KEYS[6 + i - 1]'],
    ['due[id]', 'KEYS[1 + ARGV[1]]'],
    ['#jobs', '((#ARGV - 1) / 2)'],
    ['jobs[i].place', 'ARGV[0 + i * 2]'],
    ['jobs[i + 1].token', 'ARGV[1 + (i + 1) * 2]'],
    ['#results', '(#KEYS - 11)'],
    ['results[i]', 'KEYS[11 + i]'],
    ["notes .. ':a'", "KEYS[1] .. ':a'"],
    ["ref..notes..'x'", "ref..KEYS[1]..'x'"],
    ['rows[id]', 'rows[ARGV[1]]'],
    ['rows[id].id', 'rows[ARGV[1]].id'],
  ])('%s', (lua, expected) => {
    expect(sent(lua).trim()).toBe(expected);
  });
});

describe('other words stay as they are', () => {
  it.each([
    ['in a string', "call('notes', 'it\\'s id')"],
    ['in a comment', '-- notes of an id\nreturn 1'],
    ['a field', 'info.id = job.notes'],
    ['a member of a table', 'return { id = 1, notes = 2 }'],
    ['a longer name', 'ids = notesOf(my_id)'],
  ])('%s', (_, lua) => {
    expect(sent(lua).trim()).toBe(lua);
  });
});

describe('a name is refused', () => {
  it.each([
    ['places without an index', 'return due'],
    ['one key with an index', 'return notes[1]'],
    ['records without a field', 'return jobs[i]'],
    ['records with a field of another', 'return jobs[i].wake'],
    ['a list as a value', 'return jobs'],
  ])('%s', (_, lua) => {
    expect(() => sent(lua)).toThrow(/is not how \w+ can be used/);
  });

  it('for two things, and as a second tail', () => {
    expect(() => sent('', { queueKeys: ['stream'], keys: ['stream'] })).toThrow('two things');
    expect(() => sent('', { args: [{ list: 'some' }, { list: 'more' }] })).toThrow('second tail');
  });
});

describe('several parts', () => {
  it('have each name once, tails last', () => {
    const parts = [
      { keys: ['result', { list: 'results' }], args: [{ list: 'ids' }], lua: 'return ids[i], results[i]' },
      { keys: ['result', 'handed'], args: ['id'], lua: ' .. handed .. result .. id' },
    ];
    expect(bindParts(parts).lua.trim()).toBe(
      'return ARGV[1 + i], KEYS[2 + i] .. KEYS[2] .. KEYS[1] .. ARGV[1]',
    );
  });
});

describe('names of many queues', () => {
  const part = { queueKeys: ['notes', 'due'], keys: ['result'], args: ['id'] } as const;
  const ofMany = (lua: string): string => bindParts([{ ...part, lua }], 'many').lua.trim();

  it.each([
    ['notes', 'KEYS[beforeQueue + 2]'],
    ['due[5]', 'KEYS[beforeQueue + 7]'],
    ['due[place]', 'KEYS[beforeQueue + 2 + place]'],
    ['result', 'KEYS[1]'],
    ['id', 'ARGV[1]'],
  ])('%s', (lua, expected) => {
    expect(ofMany(lua).endsWith(`end\n${expected}`)).toBe(true);
  });

  it('stand for the queue that is in use', () => {
    expect(ofMany('useQueue(2)')).toContain('beforeQueue = (index - 1) * 6');
  });

  it('are refused beside a list of keys', () => {
    const keys = ['result', { list: 'results' }] as const;
    expect(() => bindParts([{ ...part, keys, lua: '' }], 'many')).toThrow(
      'results is before the keys of queues',
    );
  });
});

describe('values', () => {
  it('come in the order of their numbers', () => {
    const bound = bindParts([{ ...PART, lua: '' }]);
    const queue = queueKeys('mr', 'q');
    expect(listValues(bound.queueKeys, queue)).toEqual([
      queue.notes,
      ...['critical', 'high', 'normal', 'low', 'parked'].map((place) => `mr:{q}:due:${place}`),
      ...['critical', 'high', 'normal', 'low'].map((place) => `mr:{q}:dead:${place}`),
    ]);
    expect(listValues(bound.keys, { result: 'r', results: ['1', '2'] })).toEqual(['r', '1', '2']);
    const jobs = [
      { token: 1, place: 3 },
      { place: 4, token: 2 },
    ];
    expect(listValues(bound.args, { jobs, id: '1-0' })).toEqual(['1-0', 3, 1, 4, 2]);
  });
});
