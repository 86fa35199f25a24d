import { FINAL_STATUSES } from '../schemas/values/names.ts';
import type { RecentRefs } from './recent-refs.ts';

/** The result of a finished job, as its event carries it. */
export interface ShownResult {
  /** As stored under its result key; see `redis/result-record.ts`. */
  readonly record: string;
  /** Unix ms. */
  readonly expiresAt: number;
}

/**
 * Called when something may have happened to the job; only the stored state says what. It may carry the result of the job,
 * if a client waits for it since the submit.
 */
export type Hint = (result?: ShownResult) => void;

/** Which events of a job a listener wants. */
export type Interest = 'all' | 'end';

/** Who listens to the jobs of a queue, and which of these have finished. */
export interface Listeners {
  /** Job ref -> its listeners, with what each wants. */
  readonly hints: ReadonlyMap<string, ReadonlyMap<Hint, Interest>>;
  readonly finishedRefs: RecentRefs;
}

const FINAL_KINDS: ReadonlySet<string> = new Set(FINAL_STATUSES);

/**
 * Calls the listeners of the jobs in an entry. An entry holds one or more moves that happened together: a kind (`e`) and
 * the jobs it happened to (`j`). Results for waiting clients (`r`) come before them.
 */
export function dispatch({ hints, finishedRefs }: Listeners, fields: readonly string[]): void {
  let isFinal = false;
  let shown: Map<string, ShownResult> | undefined;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const value = fields[i + 1] ?? '';
    if (fields[i] === 'e') isFinal = FINAL_KINDS.has(value);
    else if (fields[i] === 'r' && hints.size > 0) shown = addShownResult(shown, value);
    else if (fields[i] === 'j' && (isFinal || hints.size > 0)) {
      for (const ref of value.split(' ')) {
        if (isFinal) finishedRefs.add(ref);
        for (const [hint, interest] of hints.get(ref) ?? []) {
          if (isFinal || interest === 'all') hint(isFinal ? shown?.get(ref) : undefined);
        }
      }
    }
  }
}

function addShownResult(shown = new Map<string, ShownResult>(), text: string): Map<string, ShownResult> {
  const [ref = '', expiresAt] = text.split(' ', 2);
  const record = text.slice(ref.length + (expiresAt?.length ?? 0) + 2);
  return shown.set(ref, { record, expiresAt: Number(expiresAt) });
}
