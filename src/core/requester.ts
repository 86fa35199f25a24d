/** The client behind a request that waits. */
export interface Requester {
  /** Calls `onDisconnect` once, now or later, if the client disconnects; it may also be called after the answer. */
  onDisconnect(onDisconnect: () => void): void;
}
