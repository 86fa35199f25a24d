import { describe, expect, it } from 'vitest';
import { Deadlines } from '../../src/core/deadlines.ts';

describe('the deadlines of queues', () => {
  it('are due at the earliest time that was noted, once', () => {
    let now = 0;
    const deadlines = new Deadlines({ monotonic: () => now });
    deadlines.note('a', 100);
    deadlines.note('a', 50);
    deadlines.note('a', 200);
    deadlines.note('b', 70);
    expect(deadlines.takeDue()).toEqual([]);
    now = 50;
    expect(deadlines.takeDue()).toEqual(['a']);
    now = 500;
    expect(deadlines.takeDue()).toEqual(['b']);
    expect(deadlines.takeDue()).toEqual([]);
  });

  it('may be due where none is known, and from their time on', () => {
    let now = 0;
    const deadlines = new Deadlines({ monotonic: () => now });
    expect(deadlines.mayBeDue('a')).toBe(true);
    deadlines.note('a', 100);
    expect(deadlines.mayBeDue('a')).toBe(false);
    now = 100;
    expect(deadlines.mayBeDue('a')).toBe(true);
  });
});
