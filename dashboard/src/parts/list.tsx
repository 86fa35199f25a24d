import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

interface Column<T> {
  readonly name: string;
  /** A class, which says width and alignment. */
  readonly kind?: string;
  readonly cell: (item: T) => ComponentChildren;
}

interface ListProps<T> {
  readonly items: readonly T[];
  readonly columns: readonly Column<T>[];
  readonly keyOf: (item: T) => string;
  readonly label: string;
  /** Where a row leads. */
  readonly hrefOf?: (item: T) => string;
  /** Tells which rows are seen. */
  readonly onRange?: (first: number, last: number) => void;
  /** Called when the reader comes near the end. */
  readonly onEnd?: () => void;
}

const ROW_PX = 44;
const SPARE_ROWS = 8;

/** Rows come and go by eight: not every turn of the wheel draws. */
const stepDown = (row: number): number => Math.floor(row / SPARE_ROWS) * SPARE_ROWS;

/** A table that holds only the rows that are seen: it may be as long as it likes. The page scrolls, not the table. */
export function List<T>({ items, columns, keyOf, label, hrefOf, onRange, onEnd }: ListProps<T>): JSX.Element {
  const body = useRef<HTMLTableSectionElement>(null);
  const [[first, last], setRange] = useState<readonly [number, number]>([0, 40]);
  useLayoutEffect(() => {
    const measure = (): void => {
      const top = body.current?.getBoundingClientRect().top ?? 0;
      const from = Math.max(0, stepDown(-top / ROW_PX - SPARE_ROWS));
      const to = stepDown((innerHeight - top) / ROW_PX) + 2 * SPARE_ROWS;
      setRange((old) => (old[0] === from && old[1] === to ? old : [from, to]));
    };
    measure();
    addEventListener('scroll', measure, { passive: true });
    addEventListener('resize', measure);
    return () => {
      removeEventListener('scroll', measure);
      removeEventListener('resize', measure);
    };
  }, []);
  const start = Math.min(first, Math.max(0, items.length - 1));
  const end = Math.min(last, items.length);
  useEffect(() => onRange?.(start, end), [start, end, items]);
  useEffect(() => {
    if (last >= items.length) onEnd?.();
  }, [last, items.length, onEnd]);

  return (
    <table class="list" aria-label={label} aria-rowcount={items.length + 1}>
      <thead>
        <tr class="list-head" aria-rowindex={1}>
          {columns.map(({ name, kind }) => (
            <th key={name} scope="col" class={kind}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body} class="list-body" style={{ height: `${items.length * ROW_PX}px` }}>
        {items.slice(start, end).map((item, i) => (
          <tr
            key={keyOf(item)}
            class="list-row"
            aria-rowindex={start + i + 2}
            style={{ transform: `translateY(${(start + i) * ROW_PX}px)` }}
          >
            {columns.map(({ name, kind, cell }, column) => (
              <td key={name} class={kind}>
                {column === 0 && hrefOf !== undefined ? (
                  <a class="row-link" href={hrefOf(item)}>
                    {cell(item)}
                  </a>
                ) : (
                  cell(item)
                )}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
