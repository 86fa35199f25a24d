import type { Io, Sink } from '../io.ts';
import { inert, inertJson } from './inert.ts';
import type { Style } from './paint.ts';
import { type Column, layOut, type Table } from './table.ts';
import { cutTo } from './width.ts';

/** A line about one thing: a label, its value, and a style of it. */
export type Detail = readonly [label: string, value: string | number | undefined, style?: Style | undefined];

/** Prints answers: as JSON, as tables on a terminal, or as lines with tabs for other programs. */
export interface Printer {
  readonly isJson: boolean;
  /** One document. `text`: its JSON as it came, so that numbers keep all their digits. */
  document(value: unknown, details: () => readonly Detail[], text?: string): Promise<void>;
  /** As `document`, in the place of the one before on a terminal. */
  redraw(value: unknown, details: () => readonly Detail[], text?: string): Promise<void>;
  /** A list, which may come in several parts. */
  list<T>(columns: readonly Column<T>[]): (items: readonly T[]) => Promise<void>;
  /** A value of a job, which is JSON. */
  value(value: unknown): Promise<void>;
  /** A line of JSON, or a line for people. */
  line(value: unknown, text: () => string): Promise<void>;
}

export function createPrinter({ out }: Io, isJson: boolean): Printer {
  const json = (value: unknown, text = JSON.stringify(value)) => out.write(`${inertJson(text.trim())}\n`);
  const drawn = { lines: 0 };
  return {
    isJson,
    document: (value, details, text) =>
      isJson ? json(value, text) : out.write(detailLines(details(), out.paint)),
    redraw: async (value, details, text) => {
      if (isJson) return json(value, text);
      await out.write(
        over(detailLines(details(), out.paint, out.isTerminal ? out.columns() : undefined), out, drawn),
      );
    },
    list: (columns) => {
      const table: Table = { widths: columns.map(({ title }) => title.length), hasHead: false };
      return async (items) => {
        if (isJson) {
          for (const item of items) await json(item);
        } else if (items.length > 0) {
          await out.write(layOut(columns, items, table, out));
        }
      };
    },
    value: (value) => json(value, JSON.stringify(value ?? null, null, out.isTerminal && !isJson ? 2 : 0)),
    line: (value, text) => (isJson ? json(value) : out.write(`${text()}\n`)),
  };
}

/** The lines, after what takes those before away. A line never wraps, so that lines can be counted. */
function over(text: string, out: Sink, drawn: { lines: number }): string {
  const up = out.isTerminal && drawn.lines > 0 ? `\u001b[${drawn.lines}A\u001b[J` : '';
  const gap = !out.isTerminal && drawn.lines > 0 ? '\n' : '';
  drawn.lines = text.split('\n').length - 1;
  return up + gap + text;
}

/** `columns`: where lines are cut; undefined: nowhere. */
function detailLines(details: readonly Detail[], paint: Io['out']['paint'], columns?: number): string {
  const shown = details.filter(([, value]) => value !== undefined);
  const width = Math.max(...shown.map(([label]) => label.length)) + 2;
  return shown
    .map(([label, value, style]) => {
      const text = inert(String(value));
      const fitting = columns === undefined ? text : cutTo(text, Math.max(1, columns - width));
      return `${paint('dim', label.padEnd(width))}${paint(style, fitting)}\n`;
    })
    .join('');
}
