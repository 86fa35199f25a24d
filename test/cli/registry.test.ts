import { expect, it } from 'vitest';
import { COMMANDS, findCommand } from '../../src/cli/registry.ts';

it('knows each command by the name that its file has', async () => {
  for (const { name, load } of COMMANDS) expect((await load()).name).toBe(name);
});

it.each([
  [['get', 'x', '--json'], 'get', ['x', '--json']],
  [['--url', 'u', '--json', 'get', 'x'], 'get', ['--url', 'u', '--json', 'x']],
  [['--url=u', 'get', 'x'], 'get', ['--url=u', 'x']],
  [['--json'], '', ['--json']],
])('finds the command in %j', (words, name, rest) => {
  expect(findCommand(words)).toMatchObject({ name, rest });
});
