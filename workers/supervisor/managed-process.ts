import { type ChildProcess, fork } from 'node:child_process';
import type { Clock } from '../../src/clock.ts';
import { newConsumerName } from '../../src/lifecycle/consumer-name.ts';
import type { MetricsBatch } from '../../src/telemetry/metrics/job-metrics.ts';
import { HeartbeatMonitor } from './heartbeat-monitor.ts';
import type { FromSupervisor, HandOverRequest, ToSupervisor } from './ipc.ts';
import { ReportMonitor } from './report-monitor.ts';

const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? '../process/entry.ts' : '../process/entry.js',
  import.meta.url,
);

export interface ManagedProcessEvents {
  /** Redis has no lease of the process. */
  onNoLease: (consumer: string) => void;
  /** The process takes no more jobs and will end. */
  onReplace: (child: ManagedProcess) => void;
  /** The process asks to have a job run alone. */
  onHandOver: (child: ManagedProcess, request: HandOverRequest) => void;
  /** What the process has counted since it last told. */
  onMetrics: (batch: MetricsBatch) => void;
  /** A message could not be sent, or the process could not be started. */
  onError: (error: Error) => void;
}

/** `shared`: it takes jobs, and is started again when it ends. `alone`: it runs one job and ends. */
export type ProcessRole = 'shared' | 'alone';

/** One worker process as its supervisor sees it. */
export class ManagedProcess {
  readonly role: ProcessRole;
  /** Name of the process's consumer, and so of its lease. */
  readonly consumer: string;
  readonly pid: number | undefined;
  readonly heartbeats: HeartbeatMonitor;
  /** Of a worker with HEALTH_PORT. */
  readonly reports: ReportMonitor;
  /** Resolves when the process takes jobs. It never does if the process ends before. */
  readonly started: Promise<void>;
  /** Resolves with the reason when the process has ended, or could not be started; for people. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #forkedAt: number;
  #killedFor: string | undefined;
  #mayEnd: boolean;
  #isDiscarded = false;
  #isStarted = false;

  constructor(role: ProcessRole, clock: Clock, events: ManagedProcessEvents) {
    this.role = role;
    this.#mayEnd = role === 'alone';
    this.#clock = clock;
    this.#forkedAt = clock.monotonic();
    const child = fork(ENTRY, { serialization: 'json' });
    this.#child = child;
    this.pid = child.pid;
    this.consumer = newConsumerName(child.pid ?? 0);
    this.heartbeats = new HeartbeatMonitor(child.pid ?? 0, clock);
    this.reports = new ReportMonitor(clock);
    this.started = new Promise((resolve) => {
      child.on('message', (message: ToSupervisor) => {
        if (message.type === 'started') {
          this.#isStarted = true;
          resolve();
        } else this.#receive(message, events);
      });
    });
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve(this.#killedFor ?? signal ?? `exit code ${code}`));
      child.on('error', (error) => {
        events.onError(error);
        // A process that could not be started never exits.
        if (child.pid === undefined) resolve('could not be started');
      });
    });
  }

  /** Milliseconds since the process was started. */
  get ageMs(): number {
    return this.#clock.monotonic() - this.#forkedAt;
  }

  /** Whether it takes jobs. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  /** Whether it may end by itself: nothing has to be started for it then. */
  get mayEnd(): boolean {
    return this.#mayEnd;
  }

  /** Whether it had ended its reads of Redis. */
  get hasExitedCleanly(): boolean {
    return this.#isDiscarded || this.#child.exitCode === 0;
  }

  /** A process that is ending may have closed the channel: it then misses the message. */
  send(message: FromSupervisor): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  /** Ends a process that has no job. */
  discard(): void {
    this.#isDiscarded = true;
    this.#child.kill('SIGKILL');
  }

  /** @param reason what people read as the cause of the process's end. */
  kill(reason?: string): void {
    this.#killedFor ??= reason;
    this.#child.kill('SIGKILL');
  }

  #receive(message: Exclude<ToSupervisor, { type: 'started' }>, events: ManagedProcessEvents): void {
    if (message.type === 'alive') this.heartbeats.record(message.mustEndInMs);
    else if (message.type === 'report') {
      this.reports.record(message.unread);
      if (message.metrics !== undefined) events.onMetrics(message.metrics);
    } else if (message.type === 'no-lease') events.onNoLease(this.consumer);
    else if (message.type === 'hand-over') events.onHandOver(this, message);
    else {
      this.#mayEnd = true;
      events.onReplace(this);
    }
  }
}
