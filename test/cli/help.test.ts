import { describe, expect, it } from 'vitest';
import { COMMANDS, GROUPS } from '../../src/cli/registry.ts';
import { runHere } from '../helpers/cli/sink.ts';

const SCREEN_LINES = 40;
const SCREEN_COLUMNS = 100;

describe('help', () => {
  const fits = (text: string): void => {
    const lines = text.trimEnd().split('\n');
    expect(lines.length, text).toBeLessThanOrEqual(SCREEN_LINES);
    expect(lines.filter((line) => line.length > SCREEN_COLUMNS)).toEqual([]);
  };

  it('of all commands fits a screen', async () => {
    const { code, stdout } = await runHere(['--help']);
    expect(code).toBe(0);
    fits(stdout);
  });

  it.each(COMMANDS.map(({ name }) => name))('of %s fits a screen and has an example', async (name) => {
    const { code, stdout } = await runHere([...name.split(' '), '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples?:\n(  .*\n)*.*millrace ${name}`));
    fits(stdout);
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
