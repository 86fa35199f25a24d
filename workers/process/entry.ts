import type { FromSupervisor, ToSupervisor } from '../supervisor/ipc.ts';
import { exitProcess } from './uncaught-errors.ts';
import { createWorkerProcess } from './wiring.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Entry of a worker process: obeys the messages of the supervisor. */
let worker: Promise<WorkerProcess> | undefined;
let isStopping = false;

/** A supervisor that has ended receives nothing. */
const send = (message: ToSupervisor): void => {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
};

async function start({ consumer, config, queues }: FromSupervisor & { type: 'start' }): Promise<void> {
  const onDoubt = () => replace(config.shutdownGraceMs);
  worker = createWorkerProcess({ consumer, config, queues, send, isAlone: false, onDoubt });
  (await worker).start();
  send({ type: 'started' });
}

/** A process that runs one job ends with it: nobody has to replace it. */
async function runAlone({
  consumer,
  config,
  queue,
  delivery,
}: FromSupervisor & { type: 'run-alone' }): Promise<never> {
  const onDoubt = () => undefined;
  worker = createWorkerProcess({ consumer, config, queues: [queue], send, isAlone: true, onDoubt });
  await (await worker).runAlone(queue, delivery);
  exitProcess(0);
}

async function stop(graceMs: number): Promise<never> {
  isStopping = true;
  await (await worker)?.stop(graceMs);
  exitProcess(0);
}

/** Ends this process as a stop does. Its supervisor starts another one now. */
function replace(graceMs: number): void {
  if (isStopping) return;
  send({ type: 'replace' });
  void stop(graceMs);
}

process.on('message', async (message: FromSupervisor) => {
  switch (message.type) {
    case 'start':
      return start(message);
    case 'run-alone':
      return runAlone(message);
    case 'handed-over':
      return (await worker)?.handedOver(message.job, message.token, message.isDone);
    case 'stop':
      return stop(message.graceMs);
    default:
      return (await worker)?.hear(message);
  }
});
// The terminal signals the whole process group; the supervisor stops its processes by message.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
// The supervisor has ended: nobody renews the lease.
process.on('disconnect', () => void stop(0));
