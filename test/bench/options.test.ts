import { describe, expect, it } from 'vitest';
import type { Scenario } from '../../bench/contract.ts';
import { OptionsError, readOptions } from '../../bench/options.ts';

const scenario = (id: string, quick: boolean): Scenario => ({
  id,
  title: id,
  quick,
  contenders: [],
  figures: [],
});
const ALL = [scenario('submit-1', false), scenario('submit-64', true), scenario('run-c1', false)];

const chosen = (...args: string[]) => readOptions(args, ALL).scenarios.map(({ id }) => id);
const read = (...args: string[]) => readOptions(args, ALL);

describe('the arguments of the bench', () => {
  it('default to five rounds of everything, and nothing written', () => {
    expect(read()).toEqual({ quick: false, scenarios: ALL, rounds: 5, out: undefined });
  });

  it('--quick is one round of the scenarios that belong to it', () => {
    expect(read('--quick')).toMatchObject({ quick: true, rounds: 1 });
    expect(chosen('--quick')).toEqual(['submit-64']);
    expect(read('--quick', '--rounds', '3').rounds).toBe(3);
  });

  it('--only names scenarios by a part, also those that are not quick', () => {
    expect(chosen('--only', 'submit')).toEqual(['submit-1', 'submit-64']);
    expect(chosen('--quick', '--only', 'c1', '--only', '64')).toEqual(['submit-64', 'run-c1']);
  });

  it('--write writes to docs/explanation, --out elsewhere', () => {
    expect(read('--write').out).toBe('docs/explanation');
    expect(read('--out', 'here').out).toBe('here');
  });

  it.each([
    [['--only', 'sbmit'], '--only sbmit names no scenario. There are: submit-1, submit-64, run-c1.'],
    [['--rounds', '0'], '--rounds is "0": must be an integer from 1 to 100.'],
    [['--rounds', 'five'], '--rounds is "five"'],
    [['--write', '--out', 'x'], '--write and --out exclude each other.'],
    [['--fast'], "Unknown option '--fast'"],
    [['submit'], 'Unexpected argument'],
  ])('%j is refused at the start', (args, message) => {
    expect(() => read(...args)).toThrow(OptionsError);
    expect(() => read(...args)).toThrow(message);
  });
});
