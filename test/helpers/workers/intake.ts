import { systemClock } from '../../../src/clock.ts';
import { appendJobs } from '../../../src/jobs/submit/scripts/append.ts';
import { WaitingConsumer } from '../../../src/lifecycle/consumer.ts';
import type { Ability } from '../../../src/lifecycle/hold-class.ts';
import { ensureGroups } from '../../../src/lifecycle/scripts/ensure-groups.ts';
import { extendLease } from '../../../src/lifecycle/scripts/extend-lease.ts';
import { createObserver, type ServiceEvent } from '../../../src/observer.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import type { QueueKeys } from '../../../src/redis/keys.ts';
import { openReader } from '../../../src/redis/reads/open-reader.ts';
import { ReconcileSchedule } from '../../../workers/intake/reconciler.ts';
import { createIntake } from '../../../workers/process/wiring.ts';
import type { RunningJob } from '../../../workers/run/running-job.ts';
import type { ToSupervisor } from '../../../workers/supervisor/ipc.ts';
import { createTestCore } from '../redis/core.ts';

const LEASE_MS = 600_000;

/** The intake of a worker process, in this process. Its jobs run until the test settles them. */
export async function createTestIntake(
  { client, url }: { readonly client: Connection; readonly url: string },
  queueNames: readonly string[],
  concurrency = 4,
  ability: Ability = { tasks: undefined, schemasOf: () => [] },
  clock = systemClock,
) {
  const events: ServiceEvent[] = [];
  const messages: ToSupervisor[] = [];
  const observe = createObserver({ wants: () => true, observe: (event) => events.push(event) });
  const core = { ...createTestCore(client), clock };
  const queues = queueNames.map((queue) => core.keySpace.queue(queue));
  const reader = openReader({ url, name: 'test-reads', scripts: [] }, client);
  await reader.whenReady(10_000);
  const consumer = new WaitingConsumer(`test.${queueNames.join('-')}`, client, reader);
  const reconcileSchedule = new ReconcileSchedule(clock);
  const config = { concurrency, leaseMs: LEASE_MS, maxPayloadBytes: 1_000_000 };
  const send = (message: ToSupervisor) => messages.push(message);
  const intake = createIntake({
    config,
    core,
    queues,
    consumer,
    ability,
    reconcileSchedule,
    observe,
    send,
  });
  const started: RunningJob[] = [];
  intake.limiter.runWith((job) => started.push(job));
  for (const keys of queues) {
    await ensureGroups(client, keys);
    await extendLease(client, keys, 'new', [consumer.name], LEASE_MS);
  }
  const close = async () => {
    await intake.takeLoop.stop();
    await intake.batcher.withoutTakes(async () => undefined);
    reader.disconnect();
  };
  return { ...intake, consumer, queues, events, messages, started, reconcileSchedule, close };
}

/** Submits jobs of the task `echo` whose payloads are their numbers. @param isKeyed each has a key of its own. */
export async function submitNumbers(
  { client }: { readonly client: Connection },
  keys: QueueKeys,
  numbers: readonly number[],
  isKeyed = false,
): Promise<void> {
  const jobs = numbers.map((n) => ({
    task: 'echo',
    payload: String(n),
    options: isKeyed ? { y: `key-${n}` } : {},
    place: 'normal' as const,
  }));
  await appendJobs(client, keys, jobs);
}
