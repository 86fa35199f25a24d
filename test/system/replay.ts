interface Replay {
  readonly numRuns: number;
  readonly seed?: number;
  readonly path?: string;
}

/**
 * How a property is run. `<NAME>_RUNS=1000` makes it long. `<NAME>_SEED` and `<NAME>_PATH`, as a failure prints them, make the same
 * choices again.
 */
export function replayOf(name: string, runs: number): Replay {
  const given = (what: string) => process.env[`${name}_${what}`];
  const [seed, path] = [given('SEED'), given('PATH')];
  return {
    numRuns: Number(given('RUNS') ?? runs),
    ...(seed !== undefined && { seed: Number(seed) }),
    ...(path !== undefined && { path }),
  };
}
