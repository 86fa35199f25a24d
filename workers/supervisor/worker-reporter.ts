import { hostname } from 'node:os';
import type { Config } from '../../src/config.ts';
import type { Core } from '../../src/core/core.ts';
import { VERSION } from '../../src/version.ts';
import { encodeRecord, LIVE_MS, REPORT_EVERY_MS } from '../../src/workers/record.ts';
import { reportWorker } from '../../src/workers/scripts/report-worker.ts';

export interface WorkerReporterParts {
  core: Core;
  config: Pick<Config, 'queues' | 'processes' | 'concurrency'>;
  name: string;
  tasks: readonly string[];
  /** Leases of its processes now. */
  leases: () => readonly string[];
  /** Somebody wants the worker to drain; called again and again. */
  onDrain: () => void;
}

/** Reports this worker, as `GET /workers` shows it, and learns whether it is to drain. */
export class WorkerReporter {
  readonly #parts: WorkerReporterParts;
  #isStopping = false;

  constructor(parts: WorkerReporterParts) {
    this.#parts = parts;
  }

  readonly run = async (): Promise<number> => {
    const { core, config, name, tasks, leases, onDrain } = this.#parts;
    const { queues, processes, concurrency } = config;
    const [isStopping, named] = [this.#isStopping, leases()];
    const record = encodeRecord({
      kind: 'typescript',
      queues,
      tasks,
      host: hostname(),
      pid: process.pid,
      release: VERSION,
      processes,
      concurrency: processes * concurrency,
      leases: named,
      isStopping,
    });
    const { redis, keySpace } = core;
    if (await reportWorker(redis, keySpace.workers, name, record, { ttlMs: LIVE_MS })) onDrain();
    const hasChanged = isStopping !== this.#isStopping || named.join(' ') !== leases().join(' ');
    return hasChanged ? 0 : REPORT_EVERY_MS;
  };

  /** From now on it is shown as draining. */
  stops(): void {
    this.#isStopping = true;
  }

  /** The worker ends: it is no longer shown. */
  async remove(): Promise<void> {
    const { core, name } = this.#parts;
    const { workers, records } = core.keySpace.workers;
    await Promise.all([core.redis.zrem(workers, name), core.redis.hdel(records, name)]);
  }
}
