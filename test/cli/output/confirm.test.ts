import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { confirm } from '../../../src/cli/output/confirm.ts';
import { keepingSink } from '../../helpers/cli/sink.ts';

const ask = (answer: string, isTerminal = true) => {
  const input = Object.assign(new PassThrough(), { isTTY: isTerminal });
  input.end(answer);
  return confirm('Sure?', {
    input,
    out: keepingSink(isTerminal),
    err: keepingSink(isTerminal),
    onUnwritable: () => {},
  });
};

it.each([
  ['y\n', true],
  ['YES\n', true],
  ['n\n', false],
  ['\n', false],
  ['', false],
  ['yo\n', false],
])('takes %j as %s', async (answer, isYes) => expect(await ask(answer)).toBe(isYes));

it('does not ask a program', async () => expect(await ask('', false)).toBe(true));
