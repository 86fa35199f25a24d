import fc from 'fast-check';
import { compare } from './compare.ts';
import type { Model } from './model.ts';
import type { Real } from './real.ts';

export interface Definition<A> {
  name: string;
  args: fc.Arbitrary<A>;
  /** Whether it makes sense now; default: always. */
  possible?(model: Readonly<Model>): boolean;
  /** Does it to both sides, and compares what the real one answers. */
  act(model: Model, real: Real, args: A): Promise<void>;
}

/** One thing that somebody does to a queue; model and queue are compared after each. */
export class Step<A> implements fc.AsyncCommand<Model, Real> {
  readonly #definition: Definition<A>;
  readonly #args: A;

  constructor(definition: Definition<A>, args: A) {
    this.#definition = definition;
    this.#args = args;
  }

  check(model: Readonly<Model>): boolean {
    return this.#definition.possible?.(model) ?? true;
  }

  async run(model: Model, real: Real): Promise<void> {
    await this.#definition.act(model, real, this.#args);
    await compare(model, real);
  }

  toString(): string {
    return `${this.#definition.name} ${JSON.stringify(this.#args)}`;
  }
}

export type AnyStep = fc.Arbitrary<fc.AsyncCommand<Model, Real>>;

export const step = <A>(definition: Definition<A>): AnyStep =>
  definition.args.map((args) => new Step(definition, args));

/** Chooses one of the things that there are when the step is done. */
export const whichever = fc.nat({ max: 99 });

/** @throws when there is none to choose from: `possible` has not said so. */
export function choose<T>(from: readonly T[], which: number): T {
  const chosen = from[which % from.length];
  if (chosen === undefined) throw new Error('nothing to choose from');
  return chosen;
}
