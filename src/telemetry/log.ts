import { destination, type Logger, pino } from 'pino';
import type { LogLevel } from '../config.ts';

export type { Logger } from 'pino';

/** What JSON leaves as it is, and a terminal or a reader of lines may obey. */
const CONTROLS = /[\u007f-\u009f\u2028\u2029]/g;

/** A line in which each control character is an escape. */
export const plainLine = (line: string): string =>
  line.replace(CONTROLS, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** JSON lines on standard output. Payloads and results are never logged. */
export function createLogger(level: LogLevel, name: string): Logger {
  const output = destination({ fd: 1, sync: true });
  return pino({ level, name }, { write: (line: string) => output.write(plainLine(line)) });
}
