import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { JsonText } from '../../src/schemas/json/json-text.ts';
import { SchemaChecks } from '../../src/tasks/checks/schema-checks.ts';
import { schemaFingerprint } from '../../src/tasks/fingerprint.ts';
import { type KnownTask, knownTasks } from '../../src/tasks/known-tasks.ts';

const STRING = { type: 'string' };
const NUMBER = { type: 'number' };
const known = (more: Partial<KnownTask> = {}): KnownTask => ({
  name: 'work',
  isLive: true,
  isRelease: true,
  ...more,
});

const checks = new SchemaChecks(systemClock);
afterAll(() => checks.close());
const releases = (...tasks: KnownTask[]) => knownTasks({ queue: 'q', tasks, hasTakerOfAll: false }, checks);

describe('the releases of a task', () => {
  const both = releases(known({ input: NUMBER, attempts: 2 }), known({ input: STRING, attempts: 9 }));

  it('accept what one of them takes, and refuse with the faults of the newest', () => {
    expect(both.checkPayload('work', JsonText.of('text'))).toEqual([]);
    expect(both.checkPayload('work', JsonText.of(1))).toEqual([]);
    expect(both.checkPayload('work', JsonText.of(null))).toEqual([
      { pointer: '/payload', detail: 'must be number' },
    ]);
    expect(both.schemasOf('work')).toEqual([schemaFingerprint(NUMBER), schemaFingerprint(STRING)]);
  });

  it('give the defaults of the newest that is live', () => {
    expect(both.defaults('work')).toMatchObject({ attempts: 2 });
    const older = releases(known({ attempts: 2, isLive: false }), known({ attempts: 9 }));
    expect(older.defaults('work')).toMatchObject({ attempts: 9 });
    const gone = releases(known({ attempts: 2, isLive: false }));
    expect(gone.defaults('work')).toMatchObject({ attempts: 2 });
  });

  it('refuse nothing once their workers are gone, though the name is known', () => {
    const gone = releases(known({ input: NUMBER, output: NUMBER, isLive: false }));
    expect([
      gone.checkPayload('work', JsonText.of('text')),
      gone.checkResult('work', JsonText.of('text')),
    ]).toEqual([[], []]);
    expect([gone.has('work'), gone.liveNames]).toEqual([true, []]);
  });

  it('refuse nothing if one of them has no schema; a mere name is no release', () => {
    const open = releases(known({ input: NUMBER }), known());
    expect([open.checkPayload('work', JsonText.of('text')), open.schemasOf('work')]).toEqual([[], []]);
    const named = releases(known({ input: NUMBER }), known({ isRelease: false }));
    expect(named.checkPayload('work', JsonText.of('text'))).toHaveLength(1);
    expect(named.schemasOf('work')).toHaveLength(1);
  });

  it('ask a thread only if no other release takes the payload', async () => {
    const slow = known({ input: { pattern: '^(a+)+$', minLength: 3 } });
    const mixed = releases(slow, known({ input: NUMBER }));
    expect(mixed.checkPayload('work', JsonText.of(1))).toEqual([]);
    expect(await mixed.checkPayload('work', JsonText.of('aaaa'))).toEqual([]);
    expect(await mixed.checkPayload('work', JsonText.of('b'))).toHaveLength(1);
    expect(await mixed.checkPayload('work', JsonText.of(`${'a'.repeat(45)}!`))).toBe('slow');
  });

  it('refuse nothing where more than 20 of them are live', () => {
    const many = (count: number) => releases(...Array(count).fill(known({ input: NUMBER })));
    expect(many(20).checkPayload('work', JsonText.of('text'))).toHaveLength(1);
    expect(many(21).checkPayload('work', JsonText.of('text'))).toEqual([]);
  });
});

it('the fingerprint of a schema does not depend on the order of its members', () => {
  expect(schemaFingerprint({ a: 1, b: { c: 2, d: [1, 2] } })).toBe(
    schemaFingerprint({ b: { d: [1, 2], c: 2 }, a: 1 }),
  );
  expect(schemaFingerprint({ b: { d: [2, 1] } })).not.toBe(schemaFingerprint({ b: { d: [1, 2] } }));
  expect(schemaFingerprint(undefined)).toBe('');
});
