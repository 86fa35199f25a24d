import { compareEntryIds, formatRef, type Ref } from '../../redis/job-id.ts';
import { placeIndex, type QueueKeys } from '../../redis/keys.ts';
import type { ScriptArg } from '../../redis/script/define-script.ts';
import type { Settled } from './lua.ts';

export type { Settled } from './lua.ts';

/** The end of one delivery that leaves a result. */
export interface Completion {
  ref: Ref;
  /** Fencing token of the delivery. */
  token: number;
  status: 'completed' | 'cancelled' | 'expired';
  /** How long the result is kept, ms. */
  ttlMs: number;
  /** The tail of the stored record, from `"t"` on; see `result-record.ts`. */
  tail: string;
  /** Whether a client waits for it: the event then shows a short record. */
  isAwaited?: boolean;
}

/** Increments of a histogram of waits and runs. */
export interface LatencyCounts {
  key: string;
  /** Life of the histogram, ms. */
  ttlMs: number;
  /** Field -> count. */
  counts: ReadonlyMap<string, number>;
}

/** Keys and arguments of the fragment `COMPLETE`. */
export interface EncodedCompletions {
  results: readonly string[];
  kindCount: number;
  completions: readonly ScriptArg[];
  /** From the letters of the reply, in the order of the jobs that were encoded. */
  decode: (letters: string) => Settled[];
}

/** The jobs in the order in which the script wants them. */
export function encodeCompletions(
  keys: QueueKeys,
  jobs: readonly Completion[],
  latency: ReadonlyMap<string, number>,
): EncodedCompletions {
  const order = jobs.map((_, i) => i);
  const at = (i: number): Completion => jobs[i] as Completion;
  if (jobs.length > 1) order.sort((a, b) => compareEntryIds(at(a).ref.entryId, at(b).ref.entryId));
  const kinds: ScriptArg[] = [];
  const encoded: ScriptArg[] = [];
  const results: string[] = [];
  for (const i of order) {
    const { ref, status, ttlMs, isAwaited, token, tail } = at(i);
    const kind = kindOf(kinds, placeIndex(ref.place), status, ttlMs, isAwaited === true ? 1 : 0);
    encoded.push(kind, ref.entryId, token, tail);
    results.push(keys.result(formatRef(ref)));
  }
  const completions: ScriptArg[] = [];
  for (const [field, count] of latency) completions.push(field, count);
  return {
    results,
    kindCount: kinds.length / KIND_ARGS,
    completions: completions.concat(kinds, encoded),
    decode: (letters) => {
      const settled: Settled[] = [];
      order.forEach((i, rank) => {
        settled[i] = letters[rank] === 'd' ? 'done' : letters[rank] === 'r' ? 'repeated' : 'stale';
      });
      return settled;
    },
  };
}

const KIND_ARGS = 4;

/** Number of a kind, from 1; a new one is added. There are few. */
function kindOf(kinds: ScriptArg[], place: number, status: string, ttlMs: number, awaited: 0 | 1): number {
  let i = 0;
  for (; i < kinds.length; i += KIND_ARGS) {
    const isSame = kinds[i] === place && kinds[i + 1] === status && kinds[i + 2] === ttlMs;
    if (isSame && kinds[i + 3] === awaited) return i / KIND_ARGS + 1;
  }
  kinds.push(place, status, ttlMs, awaited);
  return i / KIND_ARGS + 1;
}
