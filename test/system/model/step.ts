import fc from 'fast-check';
import { compare } from './compare.ts';
import type { Model } from './model.ts';
import type { Real } from './real.ts';

export interface Definition<A> {
  name: string;
  args: fc.Arbitrary<A>;
  /** Whether the step makes sense now. Default: always. */
  possible?(model: Readonly<Model>): boolean;
  /** Acts on the model and the real queue, and compares the answers. */
  act(model: Model, real: Real, args: A): Promise<void>;
}

/** One action on a queue. The step then compares the queue with the model. */
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

/** `choose` maps this index to one of the items that exist when the step runs. */
export const anyIndex = fc.nat({ max: 99 });

/** @throws if `from` is empty: `possible` should have ruled out the step. */
export function choose<T>(from: readonly T[], which: number): T {
  const chosen = from[which % from.length];
  if (chosen === undefined) throw new Error('choose() got an empty list');
  return chosen;
}
