import { FINAL_STATUSES } from '../schemas/values/names.ts';
import type { RecentRefs } from './recent-refs.ts';

/** The end of a job as the event tells it. */
export interface ShownEnd {
  /** As stored under its result key; see `redis/record.ts`. */
  readonly record: string;
  /** Unix ms. */
  readonly expiresAt: number;
}

/**
 * Called when something may have happened to the job; the place of the job is the truth. The end of a job that
 * somebody was known to wait for may come with it.
 */
export type Hint = (end?: ShownEnd) => void;

/** What of a job somebody wants to hear. */
export type Interest = 'all' | 'end';

/** Whom to tell of the jobs of a queue, and which of these have ended. */
export interface Listeners {
  /** Of each job: who is told of anything, and who of its end only. */
  readonly hints: ReadonlyMap<string, ReadonlyMap<Hint, Interest>>;
  readonly ended: RecentRefs;
}

const ENDS: ReadonlySet<string> = new Set(FINAL_STATUSES);

/**
 * An entry tells one or more things that happened together: a kind (`e`), and the jobs that it happened to (`j`); before
 * them ends that somebody waits for (`r`).
 */
export function dispatch({ hints, ended }: Listeners, fields: readonly string[]): void {
  let isEnd = false;
  let shown: Map<string, ShownEnd> | undefined;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const value = fields[i + 1] ?? '';
    if (fields[i] === 'e') isEnd = ENDS.has(value);
    else if (fields[i] === 'r' && hints.size > 0) shown = withShown(shown, value);
    else if (fields[i] === 'j' && (isEnd || hints.size > 0)) {
      for (const ref of value.split(' ')) {
        if (isEnd) ended.add(ref);
        for (const [hint, interest] of hints.get(ref) ?? []) {
          if (isEnd || interest === 'all') hint(isEnd ? shown?.get(ref) : undefined);
        }
      }
    }
  }
}

function withShown(shown = new Map<string, ShownEnd>(), text: string): Map<string, ShownEnd> {
  const [ref = '', expiresAt] = text.split(' ', 2);
  const record = text.slice(ref.length + (expiresAt?.length ?? 0) + 2);
  return shown.set(ref, { record, expiresAt: Number(expiresAt) });
}
