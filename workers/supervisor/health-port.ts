import type { Config } from '../../src/config.ts';
import { redisMemory } from '../../src/core/redis-memory.ts';
import { Exposition } from '../../src/telemetry/metrics/exposition.ts';
import type { JobMetrics } from '../../src/telemetry/metrics/job-metrics.ts';
import { jsonAnswer, type OperatorPage, OperatorServer } from '../../src/telemetry/operator-server.ts';
import { WorkerHealth, type WorkerHealthParts } from './worker-health.ts';

export interface HealthPortParts extends WorkerHealthParts {
  readonly config: Pick<Config, 'healthPort' | 'metricsHost' | 'host'>;
  /** Absent with METRICS=off: then there is no `/metrics`. */
  readonly metrics: JobMetrics | undefined;
}

/** What a worker answers on HEALTH_PORT. Its parent process serves it, which runs no task. */
export class HealthPort {
  readonly #config: HealthPortParts['config'];
  readonly #server: OperatorServer;

  constructor({ config, metrics, ...parts }: HealthPortParts) {
    const health = new WorkerHealth(parts);
    this.#config = config;
    this.#server = new OperatorServer({
      '/livez': async () => jsonAnswer(200, { alive: true }),
      '/readyz': async () => {
        const readiness = await health.check();
        return jsonAnswer(readiness.ready ? 200 : 503, readiness);
      },
      ...(metrics && { '/metrics': metricsPage(metrics, health, parts) }),
    });
  }

  /** Without HEALTH_PORT it does nothing. Ends the program if the port cannot be used. */
  async open(): Promise<void> {
    const { healthPort: port, metricsHost, host } = this.#config;
    if (port === 0) return;
    await this.#server.listenOrExit({ host: metricsHost || host, port, variable: 'HEALTH_PORT' });
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

function metricsPage(jobs: JobMetrics, health: WorkerHealth, { core }: WorkerHealthParts): OperatorPage {
  const sources = {
    jobs,
    isReady: async () => (await health.check()).ready,
    redisMemory: () => redisMemory(core.redis),
  };
  const exposition = new Exposition(sources, core.clock);
  return async () => ({ status: 200, type: exposition.contentType, body: await exposition.read() });
}
