/** The queues that a client may read. Where it is undefined the client may read all of them. */
export interface VisibleQueues {
  /** Equal for clients that may read the same queues. */
  readonly key: string;
  /** Whether the client may read the queue, or every queue that fits the pattern. */
  has(queueOrPattern: string): boolean;
}

/** The names that the client may read. */
export const visibleOf = (names: readonly string[], visible: VisibleQueues | undefined): readonly string[] =>
  visible === undefined ? names : names.filter((name) => visible.has(name));
