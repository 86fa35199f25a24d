import { oneOf, type SettingsOf } from './setting-kinds.ts';

export type LogLevel = (typeof LOG_LEVELS)[number];
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** What operators see. */
export interface TelemetrySettings {
  readonly logLevel: LogLevel;
}

export const TELEMETRY_SETTINGS: SettingsOf<TelemetrySettings> = {
  logLevel: oneOf({
    variable: 'LOG_LEVEL',
    usedBy: 'both',
    meaning: 'The least level that is logged. `npm start` sets `warn` unless you say otherwise.',
    values: LOG_LEVELS,
    fallback: 'info',
    example: 'warn',
  }),
};
