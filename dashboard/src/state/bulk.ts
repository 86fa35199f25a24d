import { call } from '../net/api.ts';
import type { Query } from '../net/places.ts';
import type { Page } from '../net/types.ts';
import { count } from '../parts/format.ts';
import { act, confirm, messageOf, notify } from './notices.ts';
import { Signal } from './signal.ts';

/** How far a long action is. */
export interface Progress {
  readonly text: string;
  readonly done: number;
  readonly total?: number | undefined;
  readonly stop: () => void;
}

export const progress = new Signal<Progress | undefined>(undefined);

/** The most items that a page may have. */
const PAGE = 1_000;

interface Step {
  readonly count: number;
  readonly nextCursor?: string;
}

export interface Bulk {
  /** `retry`, as in "12 jobs: retry". */
  readonly verb: string;
  /** `retried`. */
  readonly done: string;
  readonly textOf: (jobs: string) => string;
  readonly isDangerous: boolean;
  /** Counts what it would change, and changes nothing: lists what is selected. */
  readonly list: { readonly path: string; readonly query: Query; readonly fits?: (item: unknown) => boolean };
  /** Changes the next part. */
  readonly step: (cursor: string | undefined, signal: AbortSignal) => Promise<Step>;
}

/** Counts, asks, and then goes on step by step until all is done or the reader stops it. */
export async function runBulk(bulk: Bulk): Promise<void> {
  const total = await stoppable((signal, stop) => dryRun(bulk, signal, stop)).catch((error) => {
    notify('bad', messageOf(error));
    return undefined;
  });
  if (total === undefined) return;
  const jobs = total === 1 ? '1 job' : `${count(total)} jobs`;
  const isYes = await confirm({
    title: `${capital(bulk.verb)} ${jobs}?`,
    text: bulk.textOf(jobs),
    verb: `${capital(bulk.verb)} ${jobs}`,
    isDangerous: bulk.isDangerous,
  });
  if (!isYes) return;
  let changed = 0;
  await act(
    () => `${count(changed)} ${bulk.done}`,
    () =>
      stoppable(async (signal, stop) => {
        let cursor: string | undefined;
        do {
          progress.set({ text: capital(bulk.done), done: changed, total, stop });
          const step = await bulk.step(cursor, signal);
          changed += step.count;
          cursor = step.nextCursor;
        } while (cursor !== undefined && !signal.aborted);
      }),
  );
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** @returns undefined if the reader stops it. */
async function stoppable<T>(
  run: (signal: AbortSignal, stop: () => void) => Promise<T>,
): Promise<T | undefined> {
  const controller = new AbortController();
  try {
    return await run(controller.signal, () => controller.abort());
  } catch (error) {
    if (controller.signal.aborted) return undefined;
    throw error;
  } finally {
    progress.set(undefined);
  }
}

async function dryRun({ list }: Bulk, signal: AbortSignal, stop: () => void): Promise<number> {
  let found = 0;
  let cursor: string | undefined;
  do {
    progress.set({ text: 'Counting', done: found, stop });
    const query = { ...list.query, payload: false, limit: PAGE, cursor };
    const page = await call<Page<unknown>>(list.path, { query, signal });
    found += list.fits === undefined ? page.items.length : page.items.filter(list.fits).length;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return found;
}
