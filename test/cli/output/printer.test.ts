import { expect, it } from 'vitest';
import { createPrinter } from '../../../src/cli/output/printer.ts';
import type { Column } from '../../../src/cli/output/table.ts';
import { keepingIo } from '../../helpers/cli/sink.ts';

const COLUMNS: readonly Column<{ name: string; n: number }>[] = [
  { title: 'NAME', of: ({ name }) => name },
  { title: 'N', of: ({ n }) => n, side: 'right' },
];

it('prints a line of JSON for each item', async () => {
  const io = keepingIo(true);
  await createPrinter(io, true).list(COLUMNS)([
    { name: 'a', n: 1 },
    { name: 'b', n: 2 },
  ]);
  expect(io.out.text()).toBe('{"name":"a","n":1}\n{"name":"b","n":2}\n');
});

it('draws over what it drew before on a terminal only', async () => {
  for (const [isTerminal, between] of [
    [true, '\u001b[1A\u001b[J'],
    [false, '\n'],
  ] as const) {
    const io = keepingIo(isTerminal);
    const printer = createPrinter(io, false);
    await printer.redraw({}, () => [
      ['n', 1],
      ['gone', undefined],
    ]);
    await printer.redraw({}, () => [['n', 2]]);
    expect(io.out.text()).toBe(`n  1\n${between}n  2\n`);
  }
});

it('prints JSON as it came', async () => {
  const io = keepingIo(false);
  await createPrinter(io, true).document({}, () => [], '{"n":1.0,"t":"\u202e"}');
  expect(io.out.text()).toBe('{"n":1.0,"t":"\\u202e"}\n');
});
