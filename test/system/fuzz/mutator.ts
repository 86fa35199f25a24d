/** mulberry32: the same numbers for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Values that few clients send. */
export const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1.5,
  1e300,
  2 ** 53,
  '',
  ' ',
  'x',
  '5m',
  '0s',
  '-1s',
  '\u0000',
  '\ud800',
  '😀'.repeat(50),
  'x'.repeat(5_000),
  [],
  {},
  [[]],
  { a: { b: {} } },
  'constructor',
  'toString',
  '__proto__',
  '2026-01-31T12:00:00Z',
  '%s%n',
];
const ODD_BYTES = [
  '\u0000',
  '{',
  '}',
  '"',
  '\\',
  ',',
  '\n',
  '\r\n',
  '\u2028',
  'é',
  '[[[[',
  '1e999',
  '/*',
  "'",
  '%',
  '..',
];

/** Chooses and changes, the same for the same seed. */
export class Mutator {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  one<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined && values.length === 0) throw new Error('nothing to choose from');
    return value as T;
  }

  /** A job with some of its fields, one or two of which are changed at times. */
  job(): unknown {
    const fields: Record<string, unknown> = {
      queue: this.one(['fuzz', 'announced', 'default']),
      payload: this.one(ODD_VALUES),
      priority: this.one(['critical', 'low']),
      delay: this.one([0, '1h', 5]),
      attempts: 3,
      backoff: { type: 'fixed', delay: '1s', max: 5, jitter: 0.1 },
      timeout: '5m',
      expiresIn: this.one(['1h', 0]),
      resultTtl: '1d',
      metadata: { a: 'b' },
      keepPayload: true,
      runAt: '2026-01-31T12:00:00Z',
    };
    const kept = Object.entries(fields).filter(() => this.chance(0.25));
    const job: Record<string, unknown> = { task: this.one(['echo', 'typed']), ...Object.fromEntries(kept) };
    if (this.chance(0.3))
      job[this.one([...Object.keys(fields), 'task', 'extra', 'toString'])] = this.one(ODD_VALUES);
    if (this.chance(0.1))
      Reflect.set(Object(job['backoff']), this.one(['type', 'delay', 'x']), this.one(ODD_VALUES));
    return this.chance(0.05) ? this.one(ODD_VALUES) : job;
  }

  /** The text with something put in, taken out or doubled. */
  text(text: string): string {
    const at = this.below(text.length + 1);
    const length = this.below(8);
    const [before, middle, after] = [text.slice(0, at), text.slice(at, at + length), text.slice(at + length)];
    return this.one([
      before + this.one(ODD_BYTES) + middle + after,
      before + after,
      before + middle + middle + after,
    ]);
  }
}
