import { serve } from '../serve.ts';

export interface ProducerSettings {
  readonly socketPath: string;
  readonly queue: string;
}

/** What a peer's submitting process is told by its environment. */
export function producerSettings(env: NodeJS.ProcessEnv = process.env): ProducerSettings {
  const { REDIS_SOCKET, QUEUE } = env;
  if (REDIS_SOCKET === undefined || QUEUE === undefined) {
    throw new Error('A submitting process needs REDIS_SOCKET and QUEUE.');
  }
  return { socketPath: REDIS_SOCKET, queue: QUEUE };
}

/** One stretch of bulk submits. */
export interface Produce {
  readonly do: 'produce';
  readonly ms: number;
  /** Jobs in one call. */
  readonly batch: number;
  /** Calls under way at a time. */
  readonly inFlight: number;
}

export interface Produced {
  /** Jobs that were stored. */
  readonly count: number;
  /** From the first call to the end of the last. */
  readonly seconds: number;
}

/** Serves stretches of bulk submits; `submit` stores that many jobs in one call. */
export function serveProducer(submit: (jobs: number) => Promise<unknown>): void {
  serve({
    produce: async ({ ms, batch, inFlight }: Produce): Promise<Produced> => {
      const start = performance.now();
      let count = 0;
      const loop = async () => {
        while (performance.now() < start + ms) {
          await submit(batch);
          count += batch;
        }
      };
      await Promise.all(Array.from({ length: inFlight }, loop));
      return { count, seconds: (performance.now() - start) / 1_000 };
    },
  });
}

/** `count` times what `make` gives: every call of a producer makes its jobs anew, as an application does. */
export const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
