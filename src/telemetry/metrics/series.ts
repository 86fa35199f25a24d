/** Most series of one metric by queue, or by queue and task: clients choose these names. */
export const MOST_SERIES = 1_000;

/** The label of all that comes after so many. */
export const OTHER = 'other';

/** Values by one label, at most `MOST_SERIES`: the first names that come keep their own, the rest share one. */
export class SeriesByName<V> {
  readonly #make: () => V;
  readonly #values = new Map<string, V>();

  constructor(make: () => V) {
    this.#make = make;
  }

  of(name: string): V {
    return this.#values.get(name) ?? this.#add(name);
  }

  *[Symbol.iterator](): IterableIterator<readonly [name: string, value: V]> {
    yield* this.#values;
  }

  #add(name: string): V {
    if (this.#values.size >= MOST_SERIES - 1 && name !== OTHER) return this.of(OTHER);
    const value = this.#make();
    this.#values.set(name, value);
    return value;
  }
}

/** The same by two labels, such as queue and task: at most `MOST_SERIES` pairs. */
export class SeriesByPair<V> {
  readonly #make: () => V;
  readonly #values = new Map<string, Map<string, V>>();
  #size = 0;

  constructor(make: () => V) {
    this.#make = make;
  }

  of(first: string, second: string): V {
    return this.#values.get(first)?.get(second) ?? this.#add(first, second);
  }

  *[Symbol.iterator](): IterableIterator<readonly [first: string, second: string, value: V]> {
    for (const [first, values] of this.#values) {
      for (const [second, value] of values) yield [first, second, value];
    }
  }

  #add(first: string, second: string): V {
    const isOther = first === OTHER && second === OTHER;
    if (this.#size >= MOST_SERIES - 1 && !isOther) return this.of(OTHER, OTHER);
    const values = this.#values.get(first) ?? new Map<string, V>();
    this.#values.set(first, values);
    const value = this.#make();
    values.set(second, value);
    this.#size += 1;
    return value;
  }
}
