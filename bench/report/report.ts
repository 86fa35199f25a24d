import { type ContenderOutcome, knownValues, type Outcome } from '../outcome.ts';
import { spreadOf } from '../stats.ts';
import { chart } from './chart.ts';
import { claimResults, losses } from './compare.ts';
import type { Machine } from './machine.ts';
import { claimsTable, lossesTable, scenarioSections } from './tables.ts';

export interface Run {
  readonly machine: Machine;
  readonly quick: boolean;
  /** Of each contender. */
  readonly rounds: number;
  readonly outcome: Outcome;
}

export interface Report {
  readonly markdown: string;
  /** All of it, every round included. */
  readonly json: string;
  readonly svg: string;
}

const GIB = 2 ** 30;

export const makeReport = (run: Run): Report => ({
  markdown: markdown(run),
  json: `${JSON.stringify(data(run), null, 2)}\n`,
  svg: chart(run.outcome),
});

function markdown({ machine, quick, rounds, outcome }: Run): string {
  const { cores, cpu, memoryBytes, system, node, redis, date, versions } = machine;
  const peers = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const kind = quick ? 'A quick run, which shows the way and proves little: ' : '';
  return `# Benchmarks

Made by \`npm run bench -- --write\`; do not edit. Figures of another machine differ: compare only what one run has measured.

${kind}${rounds === 1 ? 'one round' : `${rounds} rounds (fewer where a scenario says so)`} of each contender, in turn, each on a Redis of its own over a Unix socket. Shown are
medians, with the range in brackets; ratios are made within each round. Warm-up is left out of count and clock, and a round
in which a job was lost or done twice has no figures.

- Machine: ${cores} cores, ${cpu}, ${(memoryBytes / GIB).toFixed(1)} GiB, ${system}
- Node ${node}, Redis ${redis}, ${date}
- ${peers.join(', ')}

![Jobs per second, BullMQ = 1](benchmarks.svg)

## Claims

${claimsTable(outcome)}

## Where we lose

Every figure in which a peer had the better median, floors left out:

${lossesTable(outcome)}

## Scenarios

${scenarioSections(outcome)}
${failed(outcome)}`;
}

function failed({ failures }: Outcome): string {
  if (failures.length === 0) return '';
  const lines = failures.map(
    ({ scenario, contender, round, reason }) =>
      `- \`${scenario}\`, ${contender}, round ${round}: ${reason.split('\n')[0]}`,
  );
  return `\n## Failed rounds\n\n${lines.join('\n')}\n`;
}

function data({ machine, quick, rounds, outcome }: Run): object {
  return {
    machine,
    quick,
    rounds,
    scenarios: outcome.scenarios.map(({ scenario, contenders }) => ({
      ...scenario,
      contenders: contenders.map((one) => ({
        ...one.contender,
        rounds: one.rounds.map((round) => round ?? null),
        spread: spreads(one),
      })),
    })),
    claims: claimResults(outcome),
    losses: losses(outcome),
    failures: outcome.failures,
  };
}

/** Of every figure that any of its rounds has. */
function spreads(one: ContenderOutcome): object {
  const figures = new Set(one.rounds.flatMap((round) => Object.keys(round ?? {})));
  return Object.fromEntries([...figures].map((figure) => [figure, spreadOf(knownValues(one, figure))]));
}
