import fastifyPlugin from 'fastify-plugin';
import type { Config } from '../../config.ts';
import { redisMemory } from '../../core/redis-memory.ts';
import { QueueFiguresReader } from '../../queues/figures.ts';
import { Exposition } from '../../telemetry/metrics/exposition.ts';
import { JobMetrics } from '../../telemetry/metrics/job-metrics.ts';
import { RequestMetrics } from '../../telemetry/metrics/request-metrics.ts';
import { OperatorServer } from '../../telemetry/operator-server.ts';

/** What an API process counts. */
export interface ApiMetrics {
  readonly jobs: JobMetrics;
  readonly requests: RequestMetrics;
}

export const newApiMetrics = (): ApiMetrics => ({ jobs: new JobMetrics(), requests: new RequestMetrics() });

/** The metrics of this process as text; without `metrics` it has none. */
export const metricsPlugin = fastifyPlugin<{ metrics: ApiMetrics | undefined; config: Config }>(
  async (app, { metrics, config }) => {
    const figures = new QueueFiguresReader(app.core, () => app.workerList.counter());
    const sources = metrics && {
      ...metrics,
      isReady: async () => (await app.health()).ready,
      redisMemory: () => redisMemory(app.core.redis),
      queues: () => figures.read(),
    };
    const exposition = sources && new Exposition(sources, app.core.clock);
    const { metricsPort: port, metricsHost, host } = config;
    const server =
      exposition && port > 0 ? new OperatorServer({ '/metrics': pageOf(exposition) }) : undefined;
    app.decorate('exposition', exposition);
    app.decorate('openMetricsPort', async () => {
      await server?.listenOrExit({ host: metricsHost || host, port, variable: 'METRICS_PORT' });
    });
    app.addHook('onClose', async () => server?.close());
  },
  { name: 'metrics', dependencies: ['core', 'leases'] },
);

const pageOf = (exposition: Exposition) => async () => ({
  status: 200,
  type: exposition.contentType,
  body: await exposition.read(),
});

declare module 'fastify' {
  interface FastifyInstance {
    /** Undefined with METRICS=off. */
    exposition: Exposition | undefined;
    /** Opens METRICS_PORT, if there is one. Ends the program if it cannot be used. */
    openMetricsPort(): Promise<void>;
  }
}
