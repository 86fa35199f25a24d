import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProxyTracerProvider, trace as spans, type Tracer } from '@opentelemetry/api';
import { type Config, ConfigError } from '../../config.ts';
import type { Observer } from '../../observer.ts';
import { VERSION } from '../../version.ts';
import { watchedExporter, watchSdk } from './watch-sdk.ts';

/** The optional peers that send spans. */
const PACKAGES = [
  '@opentelemetry/sdk-trace-node',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
];

/** How long a stop waits for a collector that does not take the last spans. */
const FLUSH_MS = 2_000;

/** Spans are made and go somewhere. */
export interface Tracing {
  readonly tracer: Tracer;
  /** Sends what is left, but does not wait for long. Never rejects. */
  stop(): Promise<void>;
}

export type TracingSettings = Pick<Config, 'otlpEndpoint' | 'otelServiceName'>;

/**
 * @param packages that it takes; only tests pass others.
 * @throws {ConfigError} when spans are to be sent and a package for it is not installed.
 */
export function checkTracing(
  { otlpEndpoint }: Pick<TracingSettings, 'otlpEndpoint'>,
  packages: readonly string[] = PACKAGES,
): void {
  if (otlpEndpoint === '') return;
  const { resolve } = createRequire(import.meta.url);
  const missing = packages.filter((name) => {
    try {
      resolve(name);
      return false;
    } catch {
      return true;
    }
  });
  if (missing.length === 0) return;
  throw new ConfigError([
    `OTEL_EXPORTER_OTLP_ENDPOINT is set, but the OpenTelemetry SDK is not installed: run \`npm install ${missing.join(' ')}\`, or unset the variable`,
  ]);
}

/**
 * Starts the OpenTelemetry SDK of this process if spans are to be sent. Uses an SDK that was started before, for example
 * by `node --import`. Without either it returns undefined: no span is made then.
 *
 * @param service the default of OTEL_SERVICE_NAME.
 * @throws {ConfigError} as `checkTracing`.
 */
export async function startTracing(
  settings: TracingSettings,
  service: string,
  observe: Observer,
): Promise<Tracing | undefined> {
  if (isStarted()) return { tracer: spans.getTracer('millrace', VERSION), stop: async () => undefined };
  if (settings.otlpEndpoint === '') return undefined;
  checkTracing(settings);
  return startSdk(settings.otlpEndpoint, settings.otelServiceName || service, observe);
}

/** Whether somebody has registered a provider: until then the one of the API passes nothing on. */
function isStarted(): boolean {
  const provider = spans.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer('millrace') !== undefined;
}

/** The SDK reads the other OTEL variables by itself, such as OTEL_EXPORTER_OTLP_HEADERS and OTEL_TRACES_SAMPLER. */
async function startSdk(endpoint: string, service: string, observe: Observer): Promise<Tracing> {
  const [{ BatchSpanProcessor, NodeTracerProvider }, { OTLPTraceExporter }, resources] = await Promise.all([
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const { defaultResource, detectResources, envDetector, resourceFromAttributes } = resources;
  const own = resourceFromAttributes({ 'service.name': service, 'service.version': VERSION });
  const named = detectResources({ detectors: [envDetector] });
  watchSdk(observe);
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` });
  const provider = new NodeTracerProvider({
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
    resource: defaultResource().merge(own).merge(named),
    spanProcessors: [new BatchSpanProcessor(watchedExporter(exporter, observe))],
  });
  provider.register();
  return {
    tracer: spans.getTracer('millrace', VERSION),
    stop: async () => {
      const flushed = provider.shutdown().catch(() => undefined);
      await Promise.race([flushed, sleep(FLUSH_MS, undefined, { ref: false })]);
    },
  };
}
