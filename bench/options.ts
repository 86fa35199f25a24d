import { parseArgs } from 'node:util';
import type { Scenario } from './contract.ts';

export const USAGE = `Usage: npm run bench -- [--quick] [--only PART]... [--rounds N] [--out DIR] [--write]
  --quick      one short round of the main scenarios, in less than 3 minutes
  --only PART  only the scenarios whose name has this part; may be given more than once
  --rounds N   rounds of each contender, 1 to 100. Default 5, with --quick 1
  --out DIR    write benchmarks.md, benchmarks.json and benchmarks.svg there
  --write      the same as --out docs/explanation`;

export interface Options {
  readonly quick: boolean;
  readonly scenarios: readonly Scenario[];
  readonly rounds: number;
  /** Nothing is written without it. */
  readonly out: string | undefined;
}

/** What the user has to mend; its message is all that they need. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError';
}

const ROUNDS = 5;
const MAX_ROUNDS = 100;

/** @throws {OptionsError} when the arguments cannot be used. */
export function readOptions(args: readonly string[], all: readonly Scenario[]): Options {
  const { quick, only, rounds, out, write } = parse(args);
  if (write && out !== undefined) throw new OptionsError(`--write and --out exclude each other.\n${USAGE}`);
  return {
    quick,
    scenarios: choose(all, only, quick),
    rounds: readRounds(rounds, quick),
    out: write ? 'docs/explanation' : out,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
        rounds: { type: 'string' },
        out: { type: 'string' },
        write: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new OptionsError(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
}

function readRounds(text: string | undefined, quick: boolean): number {
  if (text === undefined) return quick ? 1 : ROUNDS;
  const rounds = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (rounds >= 1 && rounds <= MAX_ROUNDS) return rounds;
  throw new OptionsError(`--rounds is "${text}": must be an integer from 1 to ${MAX_ROUNDS}.`);
}

/** With `quick` those that belong to it, unless some are named. */
function choose(all: readonly Scenario[], parts: readonly string[], quick: boolean): Scenario[] {
  if (parts.length === 0) return all.filter((scenario) => !quick || scenario.quick);
  const unknown = parts.filter((part) => !all.some(({ id }) => id.includes(part)));
  if (unknown.length > 0) {
    const known = all.map(({ id }) => id).join(', ');
    throw new OptionsError(`--only ${unknown.join(', ')} names no scenario. There are: ${known}.`);
  }
  return all.filter(({ id }) => parts.some((part) => id.includes(part)));
}
