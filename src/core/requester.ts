/** The client behind a request that waits. */
export interface Requester {
  /** Calls `onDisconnect` once when the client disconnects; at once if it has. It can also be called after the response. */
  onDisconnect(onDisconnect: () => void): void;
}
