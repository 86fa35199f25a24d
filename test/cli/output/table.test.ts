import { expect, it } from 'vitest';
import { type Column, layOut } from '../../../src/cli/output/table.ts';
import { keepingSink } from '../../helpers/cli/sink.ts';

const COLUMNS: readonly Column<{ name: string; n: number }>[] = [
  { title: 'NAME', of: ({ name }) => name },
  { title: 'N', of: ({ n }) => n, side: 'right' },
];

it('aligns a list on a terminal, with one head', () => {
  const table = { widths: [4, 1], hasHead: false };
  const out = keepingSink(true);
  const text =
    layOut(COLUMNS, [{ name: 'a\u001b', n: 1 }], table, out) +
    layOut(COLUMNS, [{ name: 'b', n: 22 }], table, out);
  expect(text).toBe('NAME     N\na\\u001b  1\nb        22\n');
});

it('separates a list by tabs for other programs', () => {
  const table = { widths: [4, 1], hasHead: false };
  expect(layOut(COLUMNS, [{ name: 'a\tb', n: 1 }], table, keepingSink(false))).toBe('a\\tb\t1\n');
});

it('cuts lines to the terminal', () => {
  const table = { widths: [4, 1], hasHead: false };
  const text = layOut(
    [...COLUMNS, { title: 'WHY', of: ({ name }) => name }],
    [{ name: 'x'.repeat(50), n: 1 }],
    table,
    keepingSink(true, 30),
  );
  expect(
    text
      .trimEnd()
      .split('\n')
      .map((line) => line.length),
  ).toEqual([30, 30]);
});
