import type { TaskDefinition } from '../../src/tasks/types.ts';

// Plain JSON Schemas: a thread without imports starts quickly.
export default {
  input: {
    type: 'object',
    properties: {
      n: { type: 'integer', minimum: 0, maximum: 1_000_000, description: 'Which Fibonacci number.' },
    },
    required: ['n'],
    additionalProperties: false,
    examples: [{ n: 100 }],
  },
  output: {
    type: 'object',
    properties: {
      value: {
        type: 'string',
        pattern: '^[0-9]+$',
        description: 'Decimal text: a JSON number could not hold it.',
      },
    },
    required: ['value'],
  },
  // The computation blocks the event loop: in a thread it delays no other job, and can be killed.
  thread: true,
  handler: ({ n }) => ({ value: fibonacci(n).toString() }),
} satisfies TaskDefinition<{ n: number }, { value: string }>;

/**
 * F(n) by fast doubling, one bit of n at a time from the top:
 * F(2k) = F(k) * (2 F(k+1) - F(k)) and F(2k+1) = F(k)^2 + F(k+1)^2.
 */
function fibonacci(n: number): bigint {
  let current = 0n;
  let next = 1n;
  for (const bit of n.toString(2)) {
    const even = current * (2n * next - current);
    const odd = current * current + next * next;
    [current, next] = bit === '1' ? [odd, even + odd] : [even, odd];
  }
  return current;
}
