import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/registry.ts';
import { GROUPS } from '../../src/cli/words.ts';
import { runHere } from '../helpers/cli/sink.ts';

const COLUMNS = 80;
const LINES = 24;
/** These list more than 20 commands or options, each with its meaning: they need a higher window. */
const LONG_LINES: Readonly<Record<string, number>> = { '': 40, submit: 40 };

/** Whether the help fits a terminal of the common size. */
const fits = (text: string, lines = LINES): void => {
  const shown = text.trimEnd().split('\n');
  // The prompt that follows needs a line, too.
  expect(shown.length, text).toBeLessThan(lines);
  expect(shown.filter((line) => line.length > COLUMNS)).toEqual([]);
};

describe('help', () => {
  it('of all commands fits a screen', async () => {
    const { code, stdout } = await runHere(['--help']);
    expect(code).toBe(0);
    fits(stdout, LONG_LINES['']);
  });

  it.each(COMMANDS.map(({ name }) => name))('of %s fits a screen and has an example', async (name) => {
    const { code, stdout } = await runHere([...name.split(' '), '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples?:\n(  .*\n)*.*millrace ${name}`));
    fits(stdout, LONG_LINES[name]);
  });

  it.each(Object.keys(GROUPS))('of %s lists its commands', async (group) => {
    const { code, stdout } = await runHere(['help', group]);
    expect(code).toBe(0);
    for (const { name } of COMMANDS.filter((one) => one.name.startsWith(`${group} `))) {
      expect(stdout).toContain(`  ${name}`);
    }
    fits(stdout);
  });
});
