import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { call, isOutage } from '../net/api.ts';
import { type Query, queryText } from '../net/places.ts';
import type { Page } from '../net/types.ts';
import { isAway, refreshes } from './load.ts';

export interface Pages<T> {
  readonly items: readonly T[];
  /** Whether there is no more. */
  readonly isWhole: boolean;
  readonly isLoading: boolean;
  readonly error: Error | undefined;
  /** Reads the next page. */
  readonly more: () => void;
}

interface State<T> {
  readonly name: string;
  readonly items: readonly T[];
  readonly cursor?: string | undefined;
  readonly isWhole: boolean;
  readonly error?: Error;
}

const PAGE = 1_000;
const RETRY_MS = 1_500;

/** A list that is read page by page, as far as the reader goes. */
export function usePages<T>(path: string, query: Query): Pages<T> {
  const name = path + queryText(query);
  const [state, setState] = useState<State<T>>({ name, items: [], isWhole: false });
  const [isLoading, setLoading] = useState(true);
  const current = useRef(state);
  current.current = state;
  const run = useRef<AbortController>();

  const read = useCallback(
    async (cursor: string | undefined): Promise<void> => {
      const stop = new AbortController();
      run.current?.abort();
      run.current = stop;
      setLoading(true);
      try {
        const page = await call<Page<T>>(path, {
          query: { limit: PAGE, ...query, cursor },
          signal: stop.signal,
        });
        isAway.set(false);
        const before = cursor === undefined ? [] : current.current.items;
        const { items, nextCursor } = page;
        setState({
          name,
          items: [...before, ...items],
          cursor: nextCursor,
          isWhole: nextCursor === undefined,
        });
      } catch (error) {
        if (stop.signal.aborted) return;
        if (isOutage(error)) {
          isAway.set(true);
          setTimeout(() => stop === run.current && void read(cursor), RETRY_MS);
        } else setState((old) => ({ ...old, name, error: error as Error, isWhole: true }));
      }
      if (stop === run.current) setLoading(false);
    },
    [name],
  );

  useEffect(() => {
    void read(undefined);
    const end = refreshes.subscribe(() => void read(undefined));
    return () => {
      end();
      run.current?.abort();
      run.current = undefined;
    };
  }, [read]);

  const isCurrent = state.name === name;
  const more = useCallback(() => {
    if (!isLoading && !state.isWhole && isCurrent) void read(state.cursor);
  }, [read, state, isLoading, isCurrent]);
  return {
    items: isCurrent ? state.items : [],
    isWhole: isCurrent && state.isWhole,
    isLoading,
    error: isCurrent ? state.error : undefined,
    more,
  };
}
