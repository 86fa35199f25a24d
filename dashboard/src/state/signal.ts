import { useEffect, useState } from 'preact/hooks';

/** A value that components follow. */
export class Signal<T> {
  readonly #listeners = new Set<() => void>();
  #value: T;

  constructor(first: T) {
    this.#value = first;
  }

  get value(): T {
    return this.#value;
  }

  set(next: T): void {
    if (Object.is(next, this.#value)) return;
    this.#value = next;
    for (const listener of [...this.#listeners]) listener();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

/** The value of a signal; the component is drawn again when it changes. */
export function useSignal<T>(source: Signal<T>): T {
  const [value, show] = useState(source.value);
  useEffect(() => {
    const update = () => show(() => source.value);
    update();
    return source.subscribe(update);
  }, [source]);
  return value;
}
