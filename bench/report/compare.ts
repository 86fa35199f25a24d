import type { Claim } from '../contract.ts';
import { type ContenderOutcome, type Outcome, type ScenarioOutcome, valuesOf } from '../outcome.ts';
import { ratioOf, type Spread, spreadOf } from '../stats.ts';
import { unitOf } from './units.ts';

export interface ClaimResult {
  readonly scenario: string;
  readonly claim: Claim;
  /** Or the figure itself; undefined where a contender has no round. */
  readonly ratio: Spread | undefined;
  /** Whether the median is at least as good as claimed, and as aimed for. */
  readonly holds: boolean;
  readonly reachesAim: boolean;
}

/** A figure in which Millrace is worse than a peer of the same variant in the same scenario. */
export interface Loss {
  readonly scenario: string;
  readonly figure: string;
  readonly ours: string;
  readonly peer: string;
  /** Ours / theirs. */
  readonly ratio: Spread;
}

export const isOurs = (id: string): boolean => id.startsWith('millrace');
const isPeer = (id: string): boolean => !isOurs(id) && !id.startsWith('floor');

export const claimResults = ({ scenarios }: Outcome): ClaimResult[] =>
  scenarios.flatMap((one) => (one.scenario.claims ?? []).map((claim) => check(one, claim)));

function check(outcome: ScenarioOutcome, claim: Claim): ClaimResult {
  const values = (id: string) => {
    const found = outcome.contenders.find(({ contender }) => contender.id === id);
    if (found === undefined)
      throw new Error(`${outcome.scenario.id} has no contender "${id}" for its claim.`);
    return valuesOf(found, claim.figure);
  };
  const ours = values(claim.of);
  const ratio = claim.against === undefined ? spreadOfKnown(ours) : ratioOf(ours, values(claim.against));
  const meets = (bar: number) =>
    ratio !== undefined && (claim.better === 'higher' ? ratio.median >= bar : ratio.median <= bar);
  const { id } = outcome.scenario;
  return { scenario: id, claim, ratio, holds: meets(claim.least), reachesAim: meets(claim.aim) };
}

function spreadOfKnown(values: readonly (number | undefined)[]): Spread | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : spreadOf(known);
}

export const losses = ({ scenarios }: Outcome): Loss[] => scenarios.flatMap(lossesIn);

function lossesIn({ scenario, contenders }: ScenarioOutcome): Loss[] {
  const pairs = contenders
    .filter(({ contender }) => isOurs(contender.id))
    .flatMap((ours) => contenders.filter((peer) => isFairPeer(ours, peer)).map((peer) => ({ ours, peer })));
  return scenario.figures.flatMap((figure) =>
    pairs.flatMap(({ ours, peer }) => {
      const ratio = ratioOf(valuesOf(ours, figure), valuesOf(peer, figure));
      if (ratio === undefined || !isWorse(figure, ratio.median)) return [];
      return [
        { scenario: scenario.id, figure, ours: ours.contender.label, peer: peer.contender.label, ratio },
      ];
    }),
  );
}

function isWorse(figure: string, ratio: number): boolean {
  switch (unitOf(figure).better) {
    case 'higher':
      return ratio < 1;
    case 'lower':
      return ratio > 1;
    case 'neither':
      return false;
  }
}

const isFairPeer = ({ contender: ours }: ContenderOutcome, { contender: peer }: ContenderOutcome): boolean =>
  isPeer(peer.id) && ours.variant === peer.variant;
