/** The client that takes a lease, or acts on one. */
export interface LeaseHolder {
  /** Differs for clients that must not act on each other's leases; '' where clients need no key. */
  readonly id: string;
  mayWorkOn(queue: string): boolean;
}

/** Any client, where clients need no key. */
export const ANY_HOLDER: LeaseHolder = { id: '', mayWorkOn: () => true };

/** A lease as a client names it. */
export interface LeaseClaim {
  readonly text: unknown;
  readonly holder: LeaseHolder;
}
