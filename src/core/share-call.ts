/** Calls that overlap share one: those that ask often cannot make it run more often than it takes. */
export function shareCall<T>(call: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= call().finally(() => {
      running = undefined;
    });
    return running;
  };
}
