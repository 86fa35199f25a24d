import { integer, oneOf, type SettingsOf, text } from './setting-kinds.ts';

export type LogLevel = (typeof LOG_LEVELS)[number];
const METRICS = ['on', 'off'] as const;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** What operators see. */
export interface TelemetrySettings {
  readonly logLevel: LogLevel;
  /** Whether it counts for `/metrics`. */
  readonly metrics: (typeof METRICS)[number];
  /** Ports of their own for operators; 0 for none. */
  readonly metricsPort: number;
  readonly healthPort: number;
  /** Where these listen; '' for `host`. */
  readonly metricsHost: string;
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
  metrics: oneOf({
    variable: 'METRICS',
    usedBy: 'both',
    meaning:
      'Whether the process counts for `/metrics`. A worker counts only with HEALTH_PORT. `off`: there is no `/metrics`.',
    values: METRICS,
    fallback: 'on',
    example: 'off',
  }),
  metricsPort: integer({
    variable: 'METRICS_PORT',
    usedBy: 'api',
    meaning: 'A further port that answers `GET /metrics`, and nothing else, without a key.',
    fallback: 0,
    fallbackText: 'none',
    min: 0,
    max: 65_535,
    example: 9_464,
  }),
  healthPort: integer({
    variable: 'HEALTH_PORT',
    usedBy: 'worker',
    meaning: 'The port that answers `GET /livez`, `/readyz` and `/metrics` of the worker, without a key.',
    fallback: 0,
    fallbackText: 'none',
    min: 0,
    max: 65_535,
    example: 9_465,
  }),
  metricsHost: text({
    variable: 'METRICS_HOST',
    usedBy: 'both',
    meaning:
      'Address of METRICS_PORT and HEALTH_PORT. They name queues and tasks to all who reach them: use an address that only your monitor reaches.',
    fallback: '',
    fallbackText: 'the value of `HOST`',
    expected: 'an address or host name',
    example: '10.0.0.5',
    accepts: (value) => /^[A-Za-z0-9_.:-]+$/.test(value),
  }),
};
