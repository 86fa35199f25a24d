import type { Scope } from '../schemas/keys/scope.ts';
import { Grants } from './grants.ts';

/** How many requests a key may send in how many ms. */
export interface KeyRate {
  readonly limit: number;
  readonly perMs: number;
}

/** Who sends a request, and what it may do. */
export interface Caller {
  /** The id of its key, the `sub` of its token, `admin` for ADMIN_KEY; '' with AUTH=off, and before a caller is known. */
  readonly id: string;
  readonly isKey: boolean;
  readonly rate: KeyRate | undefined;
  /** Whether it has the scope for the queue; without a queue, whether it has the scope for all queues. */
  may(scope: Scope, queue?: string): boolean;
  /** Whether it has the scope for at least one queue. */
  mayAny(scope: Scope): boolean;
  /** The queues for which it has the scope, as text: equal for callers that have it for the same ones. */
  reachOf(scope: Scope): string;
}

class GrantedCaller implements Caller {
  readonly id: string;
  readonly isKey: boolean;
  readonly rate: KeyRate | undefined;
  readonly #grants: Grants;

  constructor(id: string, scopes: readonly string[], key?: { rate: KeyRate | undefined }) {
    this.id = id;
    this.isKey = key !== undefined;
    this.rate = key?.rate;
    this.#grants = new Grants(scopes);
  }

  may(scope: Scope, queue?: string): boolean {
    return this.#grants.may(scope, queue);
  }

  mayAny(scope: Scope): boolean {
    return this.#grants.mayAny(scope);
  }

  reachOf(scope: Scope): string {
    return this.#grants.reachOf(scope);
  }
}

/** With AUTH=off every client may do everything. */
export const EVERYONE: Caller = new GrantedCaller('', ['admin']);
/** A client that has not shown a key yet. */
export const NOBODY: Caller = new GrantedCaller('', []);
/** Who sends ADMIN_KEY. */
export const ADMIN: Caller = new GrantedCaller('admin', ['admin']);

export const keyCaller = (id: string, scopes: readonly string[], rate: KeyRate | undefined): Caller =>
  new GrantedCaller(id, scopes, { rate });

/** @param sub of its token. */
export const tokenCaller = (sub: string, scopes: readonly string[]): Caller => new GrantedCaller(sub, scopes);
