import { type Logger, pino } from 'pino';
import type { LogLevel } from '../config.ts';

export type { Logger } from 'pino';

/** JSON lines on standard output. Payloads and results are never logged. */
export const createLogger = (level: LogLevel, name: string): Logger => pino({ level, name });
