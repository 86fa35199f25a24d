import type { SpanExporter } from '@opentelemetry/sdk-trace-node';
import { expect, it } from 'vitest';
import { watchedExporter } from '../../../src/telemetry/spans/watch-sdk.ts';
import { recordEvents } from '../../helpers/telemetry/recorder.ts';

it('lost spans are counted, and told once a minute', () => {
  let now = 0;
  const { observe, events } = recordEvents();
  const away: SpanExporter = {
    export: (_, onResult) => onResult({ code: 1, error: new Error('ECONNREFUSED') }),
    shutdown: async () => undefined,
  };
  const exporter = watchedExporter(away, observe, () => now);
  const lose = (count: number) => exporter.export(Array.from({ length: count }) as never, () => undefined);
  lose(2);
  lose(3);
  now = 59_999;
  lose(4);
  now = 60_000;
  lose(5);
  expect(events).toEqual([
    { kind: 'spans-lost', spans: 2, reason: 'ECONNREFUSED' },
    { kind: 'spans-lost', spans: 12, reason: 'ECONNREFUSED' },
  ]);
});
