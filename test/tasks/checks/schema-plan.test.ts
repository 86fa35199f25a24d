import { describe, expect, it } from 'vitest';
import { planOf } from '../../../src/tasks/checks/schema-plan.ts';

const MAIL = {
  type: 'object',
  required: ['to', 'subject'],
  additionalProperties: false,
  properties: {
    to: { type: 'string', format: 'email' },
    subject: { type: 'string', maxLength: 200 },
    code: { type: 'string', pattern: '^[A-Z]{2}-[0-9]{4}$' },
    tags: { type: 'array', items: { enum: ['a', 'b'] }, uniqueItems: true },
  },
};
const strings = (count: number, length: number) =>
  JSON.stringify(Array.from({ length: count }, () => 'x'.repeat(length)));

describe('the plan for a schema', () => {
  it('checks ordinary payloads in the event loop, and large ones apart', () => {
    const plan = planOf(MAIL);
    expect(plan.isQuick).toBe(true);
    expect([plan.isQuickFor(strings(1, 500)), plan.isQuickFor(strings(100, 50))]).toEqual([true, true]);
    expect(plan.isQuickFor(strings(10_000, 50))).toBe(false);
    const numbers = JSON.stringify(Array(200).fill(7));
    const { isBriefFor } = planOf({ items: { anyOf: Array(60).fill({ type: 'string' }) } });
    expect([isBriefFor('[7]'), isBriefFor(numbers)]).toEqual([true, false]);
  });

  it('asks how long the longest string is, where the time of a search grows faster', () => {
    const { isQuickFor } = planOf({ items: { pattern: '\\d+x' } });
    expect(isQuickFor(strings(400, 50))).toBe(true);
    expect(isQuickFor(strings(1, 5_000))).toBe(false);
    // An escaped quote may hide the rest of its string.
    expect(isQuickFor(JSON.stringify(Array(400).fill(`${'x'.repeat(48)}"`)))).toBe(false);
  });

  it.each([
    ['a pattern whose time may double', { pattern: '^(a+)+$' }],
    ['too many parts', { anyOf: Array(500).fill({ type: 'string' }) }],
    ['a large definition that is named often', bigDefinition()],
    ['visits that multiply', { $ref: '#/$defs/a', $defs: { a: { allOf: [{ $ref: '#/$defs/a' }] } } }],
  ])('compiles and checks all apart for %s', (_why, schema) => {
    expect([planOf(schema).isQuick, planOf(schema).isQuickFor('1')]).toEqual([false, false]);
  });
});

function bigDefinition() {
  const large = { enum: Array.from({ length: 50 }, (_, i) => i) };
  return {
    $defs: { large },
    properties: Object.fromEntries('abcdefgh'.split('').map((name) => [name, { $ref: '#/$defs/large' }])),
  };
}
