import type { RunningJob } from '../run/running-job.ts';
import type { ToSupervisor } from '../supervisor/ipc.ts';

/** A job is a suspect once this many processes died, or had to be replaced, while they ran it. */
const SUSPECT_LOSSES = 2;

export const isSuspect = ({ delivery }: RunningJob): boolean => delivery.losses >= SUSPECT_LOSSES;

/**
 * Asks the supervisor to run suspects alone, each in a process of its own: if one ends its process again, no other job is
 * lost. The new process has its own lease, so that the job does not depend on this process any more.
 */
export class HandOvers {
  readonly #send: (message: ToSupervisor) => void;
  /** By job and token. */
  readonly #open = new Map<string, (isDone: boolean) => void>();

  constructor(send: (message: ToSupervisor) => void) {
    this.#send = send;
  }

  /** Resolves to false when this process still holds the job: no further process may start, or Redis is away. */
  request({ id, delivery: { keys, ...delivery } }: RunningJob): Promise<boolean> {
    return new Promise((resolve) => {
      this.#open.set(`${id}:${delivery.token}`, resolve);
      this.#send({ type: 'hand-over', job: id, queue: keys.queue, delivery });
    });
  }

  /** The supervisor has answered. */
  answered(job: string, token: number, isDone: boolean): void {
    const key = `${job}:${token}`;
    this.#open.get(key)?.(isDone);
    this.#open.delete(key);
  }
}
