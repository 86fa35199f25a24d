import { systemClock } from '../../src/clock.ts';
import { type Config, ConfigError, loadConfig } from '../../src/config.ts';
import { createObserver, type Observer } from '../../src/observer.ts';
import { loadTasks, TaskLoadError } from '../../src/tasks/load.ts';
import type { LoadedTask } from '../../src/tasks/types.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { logObserver } from '../../src/telemetry/log-observer.ts';
import { countsJobs, JobMetrics } from '../../src/telemetry/metrics/job-metrics.ts';
import { AttemptSpans } from '../../src/telemetry/spans/attempt-spans.ts';
import { EndedAttempts } from '../../src/telemetry/spans/ended-attempts.ts';
import { startTracing, type Tracing } from '../../src/telemetry/spans/tracing.ts';
import { importTraced } from '../run/attempt-trace.ts';

/** What the supervisor starts with. */
export interface SetUp {
  readonly config: Config;
  readonly tasks: ReadonlyMap<string, LoadedTask>;
  /** Undefined where nobody asks for them. */
  readonly metrics: JobMetrics | undefined;
  /** For the attempts of processes that were lost. Undefined where spans go nowhere. */
  readonly tracing: Tracing | undefined;
  readonly observe: Observer;
}

/** Reads the configuration and the task files. Ends the process if one of them is not valid. */
export async function setUp(): Promise<SetUp> {
  try {
    const config = loadConfig();
    const metrics = countsJobs(config) ? new JobMetrics() : undefined;
    const log = logObserver(createLogger(config.logLevel, 'millrace-worker'));
    const tracing = await startTracing(config, 'millrace-worker', createObserver(log));
    const ended = tracing && new EndedAttempts(new AttemptSpans(tracing.tracer), systemClock.wall);
    const observe = createObserver(
      log,
      ...(metrics === undefined ? [] : [metrics]),
      ...(ended === undefined ? [] : [ended.lost]),
    );
    const tasks = await importTraced(() => loadTasks(config.tasksDir));
    return { config, tasks, metrics, tracing, observe };
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof TaskLoadError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
