import { expect, it } from 'vitest';
import { ConfigError } from '../../../src/config.ts';
import { NO_OBSERVER } from '../../../src/observer.ts';
import { checkTracing, startTracing } from '../../../src/telemetry/spans/tracing.ts';

const settings = { otlpEndpoint: 'http://127.0.0.1:4318', otelServiceName: '' };

it('spans need packages that users install; the error names those that are missing', () => {
  expect(() => checkTracing(settings)).not.toThrow();
  expect(() => checkTracing(settings, ['@opentelemetry/api', '@opentelemetry/no-such'])).toThrow(
    new ConfigError([
      'OTEL_EXPORTER_OTLP_ENDPOINT is set, but the OpenTelemetry SDK is not installed: run `npm install @opentelemetry/no-such`, or unset the variable',
    ]),
  );
  expect(() => checkTracing({ otlpEndpoint: '' }, ['@opentelemetry/no-such'])).not.toThrow();
});

it('no span is made where nobody takes it', async () => {
  expect(await startTracing({ ...settings, otlpEndpoint: '' }, 'test', NO_OBSERVER)).toBeUndefined();
});
