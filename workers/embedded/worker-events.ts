import { EventEmitter } from 'node:events';
import type { Listener, ServiceEvent, ServiceEventKind } from '../../src/observer.ts';
import type { WorkerEvent, WorkerEventMap } from './program-worker.ts';

const TOLD: ReadonlySet<ServiceEventKind> = new Set([
  'attempt-ended',
  'attempt-failed',
  'lease-lost',
  'defect',
]);

/** The events of a worker in a program. An error that nobody listens for becomes a warning of the process, and never ends it. */
export class WorkerEvents {
  readonly #emitter = new EventEmitter();

  on<E extends WorkerEvent>(event: E, listener: (...args: WorkerEventMap[E]) => void): void {
    this.#emitter.on(event, listener);
  }

  off<E extends WorkerEvent>(event: E, listener: (...args: WorkerEventMap[E]) => void): void {
    this.#emitter.off(event, listener);
  }

  emit<E extends WorkerEvent>(event: E, ...args: WorkerEventMap[E]): void {
    if (event !== 'error' || this.#emitter.listenerCount('error') > 0) this.#emitter.emit(event, ...args);
    else process.emitWarning(String(args[0]), 'MillraceWarning');
  }

  fail(thrown: unknown): void {
    this.emit('error', thrown instanceof Error ? thrown : new Error(String(thrown)));
  }

  /** Makes events of those of the service, but of `redis-trouble`: many of those are one outage. */
  readonly listener: Listener = {
    wants: (kind) => TOLD.has(kind),
    observe: (event) => this.#tell(event),
  };

  #tell(event: ServiceEvent): void {
    if (event.kind === 'attempt-ended') {
      if (event.status === 'completed') this.emit('completed', endedOf(event));
    } else if (event.kind === 'attempt-failed') {
      this.emit('failed', { ...endedOf(event), error: event.error });
    } else if (event.kind === 'lease-lost') {
      this.fail(new Error(`The lease on the queue ${event.queue} was lost: its jobs may run elsewhere.`));
    } else if ('error' in event) this.fail(event.error);
  }
}

const endedOf = ({
  job,
  queue,
  task,
  attempt,
}: ServiceEvent & { kind: 'attempt-ended' | 'attempt-failed' }) => ({
  job,
  queue,
  task,
  attempt,
});
