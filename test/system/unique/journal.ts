import type { Execution } from '../chaos/journal.ts';

/** The task of the handlers writes this as its key: the place of a job, and the number of the submit that it runs for. */
export const entryOf = (place: string, submit: number): string => `${place} ${submit}`;

const placeOf = ({ key }: Execution): string => key.split(' ')[0] ?? '';
const submitOf = ({ key }: Execution): number => Number(key.split(' ')[1]);

/** From its first start to its last end: a job that is run again keeps its place. */
interface Span {
  readonly id: string;
  readonly from: number;
  readonly upTo: number;
}

function spansOf(runs: readonly Execution[]): Span[] {
  const spans = new Map<string, Span>();
  for (const { id, startedAt, endedAt = startedAt } of runs) {
    const { from = startedAt, upTo = endedAt } = spans.get(id) ?? {};
    spans.set(id, { id, from: Math.min(from, startedAt), upTo: Math.max(upTo, endedAt) });
  }
  return [...spans.values()].sort((a, b) => a.from - b.from);
}

/** Jobs of one place that ran while another one did, by what the handlers wrote. */
export function overlaps(runs: readonly Execution[]): string[] {
  return [...new Set(runs.map(placeOf))].flatMap((place) => {
    const spans = spansOf(runs.filter((run) => placeOf(run) === place));
    let latest: Span | undefined;
    return spans.flatMap((span) => {
      const before = latest;
      if (before === undefined || span.upTo > before.upTo) latest = span;
      return before !== undefined && span.from < before.upTo
        ? [`${place}: ${span.id} began while ${before.id} ran`]
        : [];
    });
  });
}

/** The last submit of a place that ran to its end. */
export const lastRun = (runs: readonly Execution[], place: string): number =>
  Math.max(...runs.filter((run) => run.endedAt !== undefined && placeOf(run) === place).map(submitOf));
