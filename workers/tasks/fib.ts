import { Type } from 'typebox';
import { defineTask } from '../../src/tasks/define.ts';

export default defineTask({
  input: Type.Object(
    { n: Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'Which Fibonacci number.' }) },
    { additionalProperties: false, examples: [{ n: 100 }] },
  ),
  output: Type.Object({
    value: Type.String({ pattern: '^[0-9]+$', description: 'Decimal, since no JSON number holds it.' }),
  }),
  // Computing keeps the event loop busy: in a thread it holds up no other job, and can be killed.
  thread: true,
  handler: ({ n }) => ({ value: fibonacci(n).toString() }),
});

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
