import { messageOf } from '../../redis/faults.ts';

/** What was read, or why it could not be read: an error of Redis, or no answer in time. */
export type Reading<T> = { readonly value: T } | { readonly refused: string };

/** The value, or undefined. */
export const valueIn = <T>(reading: Reading<T>): T | undefined =>
  'value' in reading ? reading.value : undefined;

/** Waits for the value at most `deadlineMs`. Never rejects, so that a server that hangs costs no more than that. */
export async function readWithin<T>(deadlineMs: number, read: () => Promise<T>): Promise<Reading<T>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Reading<T>>((resolve) => {
    timer = setTimeout(() => resolve({ refused: `no answer within ${deadlineMs} ms` }), deadlineMs);
  });
  const done = read().then(
    (value) => ({ value }),
    (error: unknown) => ({ refused: messageOf(error) }),
  );
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}
