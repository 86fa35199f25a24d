import { integer, oneOf, type SettingsOf, text } from './setting-kinds.ts';

export type LogLevel = (typeof LOG_LEVELS)[number];
const ON_OFF = ['on', 'off'] as const;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** What operators see. */
export interface TelemetrySettings {
  readonly logLevel: LogLevel;
  readonly logRequests: (typeof ON_OFF)[number];
  /** '' where no spans are sent. */
  readonly otlpEndpoint: string;
  /** '' for the name of the program. */
  readonly otelServiceName: string;
  /** Whether it counts for `/metrics`. */
  readonly metrics: (typeof ON_OFF)[number];
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
    meaning:
      'The least level that is logged. Without it, `npm start` and `millrace dev --json` log from `warn` on; `millrace dev` shows warnings, failed attempts and what tasks log, in one plain line each. What a task logs has the level that it gave.',
    values: LOG_LEVELS,
    fallback: 'info',
    example: 'warn',
  }),
  logRequests: oneOf({
    variable: 'LOG_REQUESTS',
    usedBy: 'api',
    meaning:
      '`on`: the API logs a line for each request that has ended, at level `info`: method, route, status, ms, id of the key, id of the request, id of the job.',
    values: ON_OFF,
    fallback: 'off',
    example: 'on',
  }),
  otlpEndpoint: text({
    variable: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    usedBy: 'both',
    meaning:
      'Where spans are sent: the base URL of an OpenTelemetry collector that takes OTLP over HTTP. Needs the OpenTelemetry SDK: see docs/how-to/tracing.md.',
    fallback: '',
    fallbackText: 'no spans',
    expected: 'an http or https URL',
    example: 'http://127.0.0.1:4318',
    isSecret: true,
    accepts: (value) => /^https?:\/\//.test(value) && URL.canParse(value),
  }),
  otelServiceName: text({
    variable: 'OTEL_SERVICE_NAME',
    usedBy: 'both',
    meaning: 'The name of the service in spans.',
    fallback: '',
    fallbackText: '`millrace-api`, `millrace-worker`',
    expected: '1 to 255 printable ASCII characters',
    example: 'jobs',
    accepts: (value) => /^[\x20-\x7e]{1,255}$/.test(value),
  }),
  metrics: oneOf({
    variable: 'METRICS',
    usedBy: 'both',
    meaning:
      'Whether the process counts for `/metrics`. A worker counts only with HEALTH_PORT. `off`: there is no `/metrics`.',
    values: ON_OFF,
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
