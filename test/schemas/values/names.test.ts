import { describe, expect, it } from 'vitest';
import { compileSchema } from '../../../src/schemas/validation/compile.ts';
import { FINAL_STATUSES, isFinal, QueueName, STATUSES, TaskName } from '../../../src/schemas/values/names.ts';

const validator = (schema: object) => {
  const compiled = compileSchema(schema);
  return (value: unknown): boolean => compiled.ok && compiled.check(value).length === 0;
};
const isQueueName = validator(QueueName);
const isTaskName = validator(TaskName);

describe('isFinal', () => {
  it.each(STATUSES)('knows whether %s is final', (status) => {
    expect(isFinal(status)).toBe((FINAL_STATUSES as readonly string[]).includes(status));
  });
});

describe('QueueName', () => {
  it.each(['a', '0', 'A_b.c-d', 'q'.repeat(64)])('accepts %s', (name) => {
    expect(isQueueName(name)).toBe(true);
  });

  it.each(['', '.a', '-a', '_a', 'a b', 'a:b', '{a}', 'ü', 'a\n', 'q'.repeat(65)])('rejects %j', (name) => {
    expect(isQueueName(name)).toBe(false);
  });
});

describe('TaskName', () => {
  it.each(['a', 'mail:send/v2.1_x-y', 't'.repeat(128)])('accepts %s', (name) => {
    expect(isTaskName(name)).toBe(true);
  });

  it.each(['', ':a', '/a', 'a b', 'a#', 't'.repeat(129)])('rejects %j', (name) => {
    expect(isTaskName(name)).toBe(false);
  });
});
