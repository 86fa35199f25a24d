import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll } from 'vitest';
import { until } from '../redis/server.ts';

/** A span as a collector gets it (OTLP over HTTP in JSON). */
export interface ReceivedSpan {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** 4: producer, 5: consumer. */
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** `code` 2: error. */
  readonly status: { readonly code?: number; readonly message?: string };
  readonly events: readonly { readonly name: string }[];
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

type SentSpan = Omit<ReceivedSpan, 'service' | 'attributes' | 'links' | 'events'> &
  Partial<Pick<ReceivedSpan, 'links' | 'events'>> & { readonly attributes?: readonly Attribute[] };

interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

export interface OtlpReceiver {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** Waits for so many spans whose attribute has the value. Oldest first. */
  spansOf(attribute: string, value: unknown, count: number): Promise<ReceivedSpan[]>;
}

const valuesOf = (attributes: readonly Attribute[] = []): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

function spansIn({ resourceSpans }: Sent): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(valuesOf(resource.attributes)['service.name']);
    const spans = scopeSpans.flatMap((scope) => scope.spans);
    return spans.map(({ attributes, links = [], events = [], ...span }) => {
      return { ...span, service, links, events, attributes: valuesOf(attributes) };
    });
  });
}

/** A collector for the tests of one file. */
export function useOtlpReceiver(): OtlpReceiver {
  const spans: ReceivedSpan[] = [];
  const server = createServer(async (request, response) => {
    spans.push(...spansIn((await json(request)) as Sent));
    response.setHeader('content-type', 'application/json').end('{}');
  });
  beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    spans,
    get url() {
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    spansOf: async (attribute, value, count) => {
      const found = () => spans.filter(({ attributes }) => attributes[attribute] === value);
      await until(
        () => found().length >= count,
        () => `${count} spans with ${attribute} ${value}, not ${JSON.stringify(found())}`,
      );
      return found().sort((a, b) => Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano)));
    },
  };
}
