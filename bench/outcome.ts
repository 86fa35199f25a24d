import type { Contender, Figures, Scenario } from './contract.ts';

/** Figures of each round, in order; undefined where the round has failed. */
export type Rounds = readonly (Figures | undefined)[];

export interface ContenderOutcome {
  readonly contender: Omit<Contender, 'run'>;
  readonly rounds: Rounds;
}

export interface ScenarioOutcome {
  readonly scenario: Omit<Scenario, 'contenders'>;
  readonly contenders: readonly ContenderOutcome[];
}

/** A round that gave no figures, and why. */
export interface Failure {
  readonly scenario: string;
  readonly contender: string;
  /** From 1. */
  readonly round: number;
  readonly reason: string;
}

export interface Outcome {
  readonly scenarios: readonly ScenarioOutcome[];
  readonly failures: readonly Failure[];
}

/** One figure of a contender over its rounds. */
export const valuesOf = ({ rounds }: ContenderOutcome, figure: string): (number | undefined)[] =>
  rounds.map((round) => round?.[figure]);

/** A figure of the rounds that did not fail. */
export const knownValues = (one: ContenderOutcome, figure: string): number[] =>
  valuesOf(one, figure).filter((value) => value !== undefined);
