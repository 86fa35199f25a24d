/** Times of one series: how many fell into each bucket, and their sum. */
export class Tally {
  /** Upper bounds, s, ascending. */
  readonly bounds: readonly number[];
  /** One count for each bound, and one for what is above the last. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  record(seconds: number): void {
    const { bounds, counts } = this;
    let bucket = 0;
    while (bucket < bounds.length && seconds > (bounds[bucket] as number)) bucket += 1;
    counts[bucket] = (counts[bucket] as number) + 1;
    this.sum += seconds;
  }

  /** Adds what another process has counted with the same bounds. */
  add(sum: number, counts: readonly number[]): void {
    this.sum += sum;
    this.counts.forEach((count, bucket) => {
      this.counts[bucket] = count + (counts[bucket] ?? 0);
    });
  }

  reset(): void {
    this.counts.fill(0);
    this.sum = 0;
  }

  get isEmpty(): boolean {
    return this.counts.every((count) => count === 0);
  }
}
