import { FAVOUR_ONE_IN, FairShare } from '../../lifecycle/fair-share.ts';

/** One take of a request from one of its queues. */
export interface Visit {
  /** Of the queue in the list of the request. */
  readonly index: number;
  /** Most jobs to take. */
  readonly most: number;
  /** The request has taken a share of this queue before. */
  readonly isAgain: boolean;
}

interface Share {
  /** A queue, by its index from 1; 0 for none. */
  readonly favoured: number;
  /** Jobs of that queue that come before all others. */
  readonly share: number;
}

/** Lists of queues that are remembered: names come from outside. */
const MAX_REMEMBERED = 10_000;

/**
 * Queues are taken from in their order, but a full one must not starve those behind it: in each list of queues, one job
 * in sixteen comes from a queue below the first.
 */
export class QueueShares {
  /** By list of queues. */
  readonly #shares = new Map<string, FairShare>();

  /** The visits of the next take from these queues. */
  plan(queues: readonly string[]): Visit[] {
    return visitsOf(queues.length, this.#shareOf(queues)?.next() ?? NO_SHARE);
  }

  /** A take from these queues brought `jobs` jobs; `count` is the number that it asked for. */
  taken(queues: readonly string[], jobs: number, count: number): void {
    this.#shareOf(queues)?.taken(jobs, count);
  }

  #shareOf(queues: readonly string[]): FairShare | undefined {
    if (queues.length < 2) return undefined;
    const name = queues.join(' ');
    const known = this.#shares.get(name);
    if (known !== undefined) return known;
    if (this.#shares.size >= MAX_REMEMBERED) this.#shares.clear();
    const share = new FairShare(queues.length - 1);
    this.#shares.set(name, share);
    return share;
  }
}

const NO_SHARE: Share = { favoured: 0, share: 0 };

/**
 * The visits of a request that may be repeated: its digest decides like a die, so that a repetition finds in each queue
 * what it took there before.
 *
 * @param digest base64url.
 */
export function visitsByDigest(queues: number, count: number, digest: string): Visit[] {
  if (queues < 2 || count < 1) return visitsOf(queues, NO_SHARE);
  const bytes = Buffer.from(digest, 'base64url');
  const share = Math.floor(count / FAVOUR_ONE_IN + bytes.readUInt32BE(0) / 2 ** 32);
  return visitsOf(queues, { favoured: 2 + (bytes.readUInt32BE(4) % (queues - 1)), share });
}

/** All queues in their order, after the share of the favoured one. */
function visitsOf(queues: number, { favoured, share }: Share): Visit[] {
  const first = share > 0 ? [{ index: favoured - 1, most: share, isAgain: false }] : [];
  const all = Array.from({ length: queues }, (_, index) => ({
    index,
    most: Number.POSITIVE_INFINITY,
    isAgain: first[0]?.index === index,
  }));
  return [...first, ...all];
}
