import { type ContenderOutcome, knownValues, type Outcome, type ScenarioOutcome } from '../outcome.ts';
import { type Spread, spreadOf } from '../stats.ts';
import { type ClaimResult, claimResults, losses } from './compare.ts';
import { formatValue, unitOf } from './units.ts';

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** A table; the first column is text, the others are numbers unless `text` says so. */
function table(heads: readonly string[], rows: readonly (readonly string[])[], text = 1): string {
  const rule = heads.map((_, i) => (i < text ? '---' : '---:'));
  return [row(heads), `|${rule.join('|')}|`, ...rows.map(row)].join('\n');
}

/** `1,234 (1,200–1,250)`; the range is left out where there is none. */
export function formatSpread({ median, min, max }: Spread, digits: number): string {
  const [middle, low, high] = [median, min, max].map((value) => formatValue(value, digits));
  return low === high ? `${middle}` : `${middle} (${low}–${high})`;
}

const RATIO_DIGITS = 2;
const ratio = (spread: Spread | undefined): string =>
  spread === undefined ? '–' : formatSpread(spread, RATIO_DIGITS);

/** What a scenario writes to disk. */
function durability(settings: Readonly<Record<string, string>> = {}): string {
  if (settings['appendonly'] !== 'yes') return 'nothing on disk';
  return `append-only file, appendfsync ${settings['appendfsync'] ?? 'everysec'}`;
}

function scenarioSection({ scenario, contenders }: ScenarioOutcome): string {
  const heads = ['', ...scenario.figures.map((figure) => unitOf(figure).label)];
  const rows = contenders.map((one) => [
    one.contender.label,
    ...scenario.figures.map((figure) => cell(one, figure)),
  ]);
  const modes = new Set(
    contenders.map(({ contender }) => durability({ ...scenario.redis, ...contender.redis })),
  );
  const mode = modes.size === 1 ? [...modes].join() : 'as each line says';
  const rounds = Math.max(...contenders.map((one) => one.rounds.length));
  const facts = `\`${scenario.id}\` · durability: ${mode} · rounds: ${rounds}`;
  return `### ${scenario.title}\n\n${facts}\n\n${table(heads, rows)}`;
}

function cell(one: ContenderOutcome, figure: string): string {
  const values = knownValues(one, figure);
  return values.length === 0 ? '–' : formatSpread(spreadOf(values), unitOf(figure).digits);
}

export const scenarioSections = ({ scenarios }: Outcome): string =>
  scenarios.map(scenarioSection).join('\n\n');

const bound = ({ claim }: ClaimResult, value: number): string =>
  `${claim.better === 'higher' ? '≥' : '≤'} ${Number(value.toFixed(2))}`;

export function claimsTable(outcome: Outcome): string {
  const results = claimResults(outcome);
  if (results.length === 0) return 'No scenario of this run makes a claim.';
  const rows = results.map((one) => [
    one.claim.text,
    `\`${one.scenario}\``,
    bound(one, one.claim.least),
    bound(one, one.claim.aim),
    ratio(one.ratio),
    one.holds ? '✓' : '✗',
    one.reachesAim ? '✓' : '✗',
  ]);
  return table(['Claim', 'Scenario', 'At least', 'Aim', 'Measured', 'Holds', 'Aim reached'], rows, 2);
}

export function lossesTable(outcome: Outcome): string {
  const rows = losses(outcome).map((one) => [
    `\`${one.scenario}\``,
    unitOf(one.figure).label,
    one.ours,
    one.peer,
    ratio(one.ratio),
  ]);
  if (rows.length === 0) return 'In none of the figures of this run.';
  return table(['Scenario', 'Figure', 'Millrace', 'Peer', 'Ours / theirs'], rows, 4);
}
