import { DiagLogLevel, diag } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace-node';
import { systemClock } from '../../clock.ts';
import type { Observer } from '../../observer.ts';
import { clip } from '../../schemas/json/well-formed.ts';

/** What goes wrong with a collector goes wrong with each batch: few lines stand for all of this time. */
const WINDOW_MS = 60_000;
const MAX_WARNINGS = 5;
const MAX_TEXT = 200;

/** Whether another event may follow: at most so many in each window. */
function rationed(most: number, now: () => number): () => boolean {
  let start = Number.NEGATIVE_INFINITY;
  let count = 0;
  return () => {
    if (now() - start >= WINDOW_MS) [start, count] = [now(), 0];
    count += 1;
    return count <= most;
  };
}

/** Reports spans that the collector did not take, at most once a minute. The spans are lost; jobs are not held up. */
export function watchedExporter(
  exporter: SpanExporter,
  observe: Observer,
  now = systemClock.monotonic,
): SpanExporter {
  const mayReport = rationed(1, now);
  let lost = 0;
  return {
    export: (spans, onResult) =>
      exporter.export(spans, (result) => {
        // 0 stands for success (ExportResultCode of @opentelemetry/core).
        if (result.code !== 0) {
          lost += spans.length;
          if (mayReport()) {
            const reason = clip(result.error?.message || 'it did not say why', MAX_TEXT);
            observe({ kind: 'spans-lost', spans: lost, reason });
            lost = 0;
          }
        }
        onResult(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}

/** Other texts of the SDK may show a variable with a secret, such as a header for the collector. */
const TOLD = /^(Dropped \d+ spans |BatchSpanProcessor: |OTEL_TRACES_SAMPLER)/;

/** Reports what the SDK warns of: settings that it cannot use, and spans that it had no room for. */
export function watchSdk(observe: Observer): void {
  const mayReport = rationed(MAX_WARNINGS, systemClock.monotonic);
  const tell = (text: string): void => {
    if (TOLD.test(text) && mayReport()) observe({ kind: 'tracing-trouble', text: clip(text, MAX_TEXT) });
  };
  const silent = (): void => undefined;
  diag.setLogger(
    { error: tell, warn: tell, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
