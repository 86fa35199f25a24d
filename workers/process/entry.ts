import type { FromSupervisor, ToSupervisor } from '../supervisor/ipc.ts';
import { createWorkerProcess } from './wiring.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Entry of a worker process: obeys the messages of the supervisor. */
let worker: Promise<WorkerProcess> | undefined;

/** A supervisor that has ended receives nothing. */
const send = (message: ToSupervisor): void => {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
};

async function start(
  consumer: string,
  config: (FromSupervisor & { type: 'start' })['config'],
): Promise<void> {
  worker = createWorkerProcess(consumer, config, send);
  (await worker).start();
  send({ type: 'started' });
}

async function stop(graceMs: number): Promise<never> {
  await (await worker)?.stop(graceMs);
  process.exit(0);
}

process.on('message', async (message: FromSupervisor) => {
  switch (message.type) {
    case 'start':
      return start(message.consumer, message.config);
    case 'stop':
      return stop(message.graceMs);
    case 'cancel':
      return (await worker)?.cancel(message.queue, message.ref);
    case 'held':
      return (await worker)?.heardOfHold(message.queue, message.holdClass);
    case 'lease-renewed':
      return (await worker)?.leaseRenewed();
    case 'lease-lost':
      return (await worker)?.leaseLost(message.queue, message.registeredAt);
  }
});
// The terminal signals the whole process group; the supervisor stops its processes by message.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
// The supervisor has ended: nobody renews the lease.
process.on('disconnect', () => void stop(0));
