import type { Sink } from '../io.ts';
import { inert } from './inert.ts';
import type { Style } from './paint.ts';
import { cutTo, padTo, widthOf } from './width.ts';

/** A column of a list. */
export interface Column<T> {
  readonly title: string;
  readonly of: (item: T) => string | number | undefined;
  /** Numbers stand on the right. */
  readonly side?: 'left' | 'right';
  readonly style?: (item: T) => Style | undefined;
}

/** The state of a table between its parts: its columns only grow. */
export interface Table {
  widths: readonly number[];
  hasHead: boolean;
}

const GAP = '  ';

/** The rows as text: aligned on a terminal, else with tabs and without a head. */
export function layOut<T>(
  columns: readonly Column<T>[],
  items: readonly T[],
  table: Table,
  out: Sink,
): string {
  const rows = items.map((item) => columns.map((column) => inert(String(column.of(item) ?? ''))));
  if (!out.isTerminal) return rows.map((row) => `${row.join('\t')}\n`).join('');
  table.widths = columns.map((_, i) =>
    Math.max(table.widths[i] ?? 0, ...rows.map((row) => widthOf(row[i] ?? ''))),
  );
  const lines = rows.map((row, i) => lineOf(row, columns, table.widths, out, items[i]));
  if (!table.hasHead) {
    table.hasHead = true;
    lines.unshift(headOf(columns, table.widths, out));
  }
  return lines.map((line) => `${line}\n`).join('');
}

const headOf = <T>(columns: readonly Column<T>[], widths: readonly number[], out: Sink): string => {
  const cells = columns.map(({ title, side = 'left' }, i) => padTo(title, widths[i] ?? 0, side));
  return out.paint('bold', cutTo(cells.join(GAP), out.columns()).trimEnd());
};

/** The last column takes what is left of the line. */
function lineOf<T>(
  row: readonly string[],
  columns: readonly Column<T>[],
  widths: readonly number[],
  out: Sink,
  item: T | undefined,
): string {
  let left = out.columns();
  const cells = columns.flatMap(({ side = 'left', style }, i) => {
    const isLast = i === columns.length - 1 && side === 'left';
    const places = Math.min(left, isLast ? left : (widths[i] ?? 0));
    left -= places + GAP.length;
    if (places <= 0) return [];
    const text = cutTo(row[i] ?? '', places);
    const padded = isLast ? text : padTo(text, places, side);
    return [out.paint(item === undefined ? undefined : style?.(item), padded)];
  });
  return cells.join(GAP).trimEnd();
}
