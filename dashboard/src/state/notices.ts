import { ApiError, isOutage } from '../net/api.ts';
import { refreshes } from './load.ts';
import { Signal } from './signal.ts';

export interface Notice {
  readonly id: number;
  readonly tone: 'good' | 'bad';
  readonly text: string;
}

export interface Question {
  /** What is asked: `Purge 12 dead letters?` */
  readonly title: string;
  /** What happens, and whether it can be undone. */
  readonly text: string;
  /** The word on the button. */
  readonly verb: string;
  readonly isDangerous: boolean;
  readonly answer: (isYes: boolean) => void;
}

const SHOWN_MS = 6_000;
let ids = 0;

export const notices = new Signal<readonly Notice[]>([]);
export const question = new Signal<Question | undefined>(undefined);

export function notify(tone: Notice['tone'], text: string): void {
  ids += 1;
  const id = ids;
  notices.set([...notices.value.slice(-3), { id, tone, text }]);
  setTimeout(() => notices.set(notices.value.filter((one) => one.id !== id)), SHOWN_MS);
}

/** Asks before something that cannot be undone. */
export const confirm = (asked: Omit<Question, 'answer'>): Promise<boolean> =>
  new Promise((resolve) => {
    question.value?.answer(false);
    question.set({
      ...asked,
      answer: (isYes) => {
        question.set(undefined);
        resolve(isYes);
      },
    });
  });

export const messageOf = (error: unknown): string => {
  if (error instanceof ApiError) return error.message;
  if (error instanceof RangeError) return error.message;
  return isOutage(error) ? 'The API does not answer. Try again in a moment.' : String(error);
};

/** Does something, says how it went, and makes the views read again. @returns whether it was done. */
export async function act(done: string | (() => string), run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run();
    notify('good', typeof done === 'string' ? done : done());
    return true;
  } catch (error) {
    notify('bad', messageOf(error));
    return false;
  } finally {
    refreshes.set(refreshes.value + 1);
  }
}

/** As `act`, once the reader has agreed. */
export async function actAfter(
  asked: Omit<Question, 'answer'>,
  done: string | (() => string),
  run: () => Promise<unknown>,
): Promise<boolean> {
  return (await confirm(asked)) && act(done, run);
}
