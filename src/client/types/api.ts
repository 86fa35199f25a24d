import type { Operations } from './api.generated.ts';

/** The query of an operation, by its operationId. */
export type Query<K extends keyof Operations> = Operations[K]['query'];

export type Body<K extends keyof Operations> = Operations[K]['body'];

/** What a successful answer holds. */
export type Answer<K extends keyof Operations> = Operations[K]['answer'];

/** Milliseconds, or text such as '500ms', '30s', '5m', '2h' or '1d'. */
export type Duration = number | string;

/** What every call takes. */
export interface CallOptions {
  /** Ends the call with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** An item of a page. */
export type ItemOf<Page> = Page extends { readonly items: readonly (infer T)[] } ? T : never;
