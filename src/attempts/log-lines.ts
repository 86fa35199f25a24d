import { type LogBatch, MAX_LOG_BYTES, MAX_LOG_LINES } from '../lifecycle/scripts/reports/append-log.ts';
import type { TaskLogLevel } from '../observer.ts';
import { clip, wellFormedJson } from '../schemas/json/well-formed.ts';
import { reportedJson } from './reported-error.ts';

/** Longest message and level that are kept, in characters. */
const MAX_MESSAGE = 4_000;
const MAX_LEVEL = 16;
const DEFAULT_LEVEL = 'info';

/** A line before it is stored. */
export interface NewLogLine {
  readonly level: string;
  readonly message: string;
}

/** A line of a task: text, or any value with a level. Never throws. */
export function logLine(text: unknown, level: unknown): NewLogLine {
  return { level: levelOf(level), message: clip(lineText(text), MAX_MESSAGE) };
}

const SERVICE_LEVELS: readonly TaskLogLevel[] = ['debug', 'info', 'warn', 'error'];

/** The level of the line in the log of a worker, which knows these alone. */
export const serviceLevel = ({ level }: NewLogLine): TaskLogLevel =>
  SERVICE_LEVELS.find((known) => known === level) ?? DEFAULT_LEVEL;

/** The lines in a report: text, `{ level, message }`, or a list of such. Takes any JSON, and never throws. */
export function reportedLines(report: unknown): Pick<LogBatch, 'lines' | 'dropped'> {
  const items: readonly unknown[] = Array.isArray(report) ? report : [report ?? ''];
  const last = items.slice(-MAX_LOG_LINES).map((item) => {
    const hasMessage = typeof item === 'object' && item !== null && 'message' in item;
    const line = hasMessage ? logLine(item.message, 'level' in item && item.level) : logLine(item, undefined);
    return { ageMs: 0, tail: lineTail(line) };
  });
  return lastKept(last, items.length - last.length);
}

/** The JSON of a stored line, from the level on. */
export const lineTail = ({ level, message }: NewLogLine): string =>
  wellFormedJson(`${JSON.stringify(level)},${JSON.stringify(message)}]`);

/** The last of the lines that a log keeps; those before them count as dropped. */
export function lastKept(
  lines: LogBatch['lines'],
  droppedBefore: number,
): Pick<LogBatch, 'lines' | 'dropped'> {
  let first = lines.length;
  for (let bytes = 0; first > 0 && lines.length - first < MAX_LOG_LINES; first -= 1) {
    bytes += Buffer.byteLength(lines[first - 1]?.tail ?? '');
    if (bytes > MAX_LOG_BYTES) break;
  }
  return { lines: lines.slice(first), dropped: droppedBefore + first };
}

function levelOf(level: unknown): string {
  const text = typeof level === 'string' ? level.trim().toLowerCase() : '';
  return text === '' ? DEFAULT_LEVEL : clip(text, MAX_LEVEL);
}

/** What a line shows of a value: text itself, of an error its stack, of all else its JSON. Never throws. */
export function lineText(value: unknown): string {
  try {
    if (typeof value === 'string') return value;
    if (value instanceof Error) return value.stack ?? String(value);
    if (typeof value === 'object' && value !== null) return reportedJson(value)?.text ?? NOT_SHOWN;
    return String(value);
  } catch {
    // Getters and proxies can throw when they are read.
    return NOT_SHOWN;
  }
}

const NOT_SHOWN = 'a value that cannot be shown as text';
