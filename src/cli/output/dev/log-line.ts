import { isAbsolute, relative } from 'node:path';
import { placeOf } from '../../../error-place.ts';
import { inert } from '../inert.ts';
import type { Paint, Style } from '../paint.ts';

/** A line of the log of API or worker, read from its JSON. */
interface LogLine {
  /** As pino counts: 30 is `info`, 40 `warn`, 50 `error`. */
  readonly level: number;
  /** The kind of the service event. */
  readonly msg: string;
  readonly [member: string]: unknown;
}

export interface DevLogOptions {
  readonly paint: Paint;
  /** Without it, only warnings, errors and what tasks log are shown. */
  readonly showsAll: boolean;
  /** Files below it are shown by their path from there. */
  readonly dir: string;
}

const WARN = 40;
const ERROR = 50;
const PART_WIDTH = 'worker'.length;
/** Members that say nothing to somebody who writes a task. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  ...['level', 'time', 'pid', 'hostname', 'name', 'msg', 'worker', 'lease', 'trace', 'err'],
]);

/** A line of the log of a part, such as `worker`, as one line for people. Undefined for one that is not shown. */
export function devLogLine(part: string, text: string, options: DevLogOptions): string | undefined {
  const { paint, showsAll } = options;
  const begin = paint('dim', part.padEnd(PART_WIDTH));
  const line = readLine(text);
  // What the code of a task prints by itself.
  if (line === undefined) return `${begin}  ${inert(text)}`;
  if (!showsAll && line.level < WARN && line.msg !== 'task-log') return undefined;
  return `${begin}  ${markOf(line, paint)}${inert(textOf(line, options))}`;
}

function readLine(text: string): LogLine | undefined {
  if (!text.startsWith('{"level":')) return undefined;
  try {
    const line: unknown = JSON.parse(text);
    return isLogLine(line) ? line : undefined;
  } catch {
    return undefined;
  }
}

const isLogLine = (value: unknown): value is LogLine =>
  typeof value === 'object' &&
  value !== null &&
  'level' in value &&
  typeof value.level === 'number' &&
  'msg' in value &&
  typeof value.msg === 'string' &&
  // A task may have a logger of its own.
  'name' in value &&
  String(value.name).startsWith('millrace-');

/** A failed attempt says by itself that it failed. */
function markOf({ level, msg }: LogLine, paint: Paint): string {
  if (msg === 'attempt-failed' || level < WARN) return '';
  const [style, word]: [Style, string] = level < ERROR ? ['yellow', 'warning'] : ['red', 'error'];
  return `${paint(style, word)}: `;
}

function textOf(line: LogLine, { dir }: DevLogOptions): string {
  if (line.msg === 'attempt-failed') return failureText(line, dir);
  const { task, job, text } = line;
  if (line.msg === 'task-log') return `${task} ${job}: ${text}`;
  const { stack, message } = reasonOf(line['err']);
  const place = placeOf(stack);
  const words = [
    line.msg.replaceAll('-', ' '),
    ...Object.entries(line)
      .filter(([member]) => !LEFT_OUT.has(member))
      .map(([member, value]) => `${member}=${typeof value === 'string' ? value : JSON.stringify(value)}`),
    ...(place === undefined ? [] : [`at ${shortPlace(place, dir)}`]),
  ].join(' ');
  return message === undefined ? words : `${words}: ${message}`;
}

function failureText(line: LogLine, dir: string): string {
  const { task, job, attempt, maxAttempts, error, retryInMs, file } = line;
  const of = maxAttempts === 'unlimited' ? '' : `/${maxAttempts}`;
  const where = typeof file === 'string' ? ` at ${shortPlace(file, dir)}` : '';
  const next = typeof retryInMs === 'number' ? `again ${soon(retryInMs)}` : 'no attempt follows';
  return `${task} ${job} attempt ${attempt}${of} failed${where}: ${error}, ${next}`;
}

function soon(ms: number): string {
  if (ms === 0) return 'at once';
  return ms < 1_000 ? `in ${ms} ms` : `in ${Number((ms / 1_000).toFixed(1))} s`;
}

function reasonOf(err: unknown): { stack?: string; message?: string } {
  if (typeof err !== 'object' || err === null) return {};
  return {
    ...('stack' in err && typeof err.stack === 'string' && { stack: err.stack }),
    ...('message' in err && typeof err.message === 'string' && { message: err.message }),
  };
}

function shortPlace(place: string, dir: string): string {
  const path = relative(dir, place);
  return path.startsWith('..') || isAbsolute(path) ? place : path;
}
