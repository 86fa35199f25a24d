import type { Consumer, Taken } from '../../src/lifecycle/consumer.ts';
import { type Ability, canRun } from '../../src/lifecycle/hold-class.ts';
import { toFaultEvent } from '../../src/maintenance/fault-event.ts';
import type { Observer } from '../../src/observer.ts';
import { isFull, type QueueState } from './queue-state.ts';

export interface HoldWatchParts {
  consumer: Pick<Consumer, 'runnableClasses'>;
  ability: Ability;
  states: readonly QueueState[];
  observe: Observer;
  /** There may be held jobs to take. */
  onFound: () => void;
  /** Ends an open blocking read: it reserves a slot, which may be the only free one. */
  endRead: () => void;
}

/** The classes that a take asks for, each with the number of the news of it. */
export type AskedClasses = ReadonlyMap<string, number>;

const NO_CLASSES: AskedClasses = new Map();

/** What the next take asks for; mostly nothing. */
export const askedClasses = ({ classes }: QueueState): AskedClasses =>
  classes.size > 0 ? new Map(classes) : NO_CLASSES;

/**
 * Knows which classes of held jobs this process should take from. It looks for them once, when a take first says that the queue
 * holds jobs. From then on the first job of each class is told (`heard`), so nothing is asked again and again.
 */
export class HoldWatch {
  readonly #parts: HoldWatchParts;

  constructor(parts: HoldWatchParts) {
    this.#parts = parts;
  }

  /** A job of the class is held since a moment ago; undefined stands for any class. */
  heard(queue: string, holdClass: string | undefined): void {
    const state = this.#parts.states.find(({ keys }) => keys.queue === queue);
    if (state === undefined) return;
    if (holdClass === undefined) {
      state.news += 1;
      state.mustLook = true;
      state.isDrained = false;
    } else if (canRun(this.#parts.ability, holdClass)) this.#add(state, holdClass);
    else return;
    this.#found();
  }

  /** News may have been missed: looks again in every queue that holds jobs, with its next take. */
  lookAgain(): void {
    for (const state of this.#parts.states) state.mustLook = true;
  }

  /** A take has asked for `count` jobs, and for those of some classes. A class of which there is no news since then is empty. */
  taken(
    state: QueueState,
    asked: AskedClasses,
    taken: Taken & { kind: 'taken' },
    { count, news }: { readonly count: number; readonly news: number },
  ): void {
    if (!isFull(taken, count) && !taken.paused && !taken.isAtLimit) {
      for (const [one, number] of asked) if (state.classes.get(one) === number) state.classes.delete(one);
    }
    // The take did not know of news that came while it ran.
    if (state.news > news) state.isDrained = false;
    if (!taken.hasHolds || !state.mustLook) return;
    state.mustLook = false;
    void this.#look(state);
  }

  async #look(state: QueueState): Promise<void> {
    const { consumer, ability, observe } = this.#parts;
    try {
      const classes = await consumer.runnableClasses(state.keys, ability);
      for (const one of classes) this.#add(state, one);
      if (classes.length > 0) this.#found();
    } catch (error) {
      state.mustLook = true;
      observe(toFaultEvent('look', error));
    }
  }

  #found(): void {
    this.#parts.onFound();
    this.#parts.endRead();
  }

  #add(state: QueueState, holdClass: string): void {
    state.news += 1;
    state.classes.set(holdClass, state.news);
    state.isDrained = false;
  }
}
