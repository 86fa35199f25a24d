// Usage: npm run durability
// Counts the accepted jobs that are lost when Redis is killed, stopped, or its machine loses power, for each way in
// which Redis can keep its data. Exits with 1 if any is lost with `appendfsync always`.
import { cpus } from 'node:os';
import { median } from '../../helpers/median.ts';
import { CUTS, type Cut, MODES, type Mode, type Round, runRound } from './round.ts';
import { canTrace } from './trace.ts';

const ROUNDS = 5;
const LOAD_MS = 2_500;
/** Rounds differ by this much, so that their cuts fall on five points of the second between two syncs. */
const STEP_MS = 200;

async function measure(mode: Mode, cut: Cut): Promise<Round[]> {
  const rounds: Round[] = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    const round = await runRound(mode, cut, LOAD_MS + i * STEP_MS);
    const { accepted, lost, spanMs, rate } = round;
    console.error(
      `${mode}, ${cut}: ${accepted} accepted (${rate.toFixed()}/s), ${lost} lost, the oldest ${spanMs.toFixed()} ms old`,
    );
    rounds.push(round);
  }
  return rounds;
}

function row(mode: Mode, cut: Cut, rounds: readonly Round[]): string {
  const of = (key: keyof Round) => rounds.map((round) => round[key]);
  const cells = [
    mode,
    cut,
    of('accepted').reduce((sum, count) => sum + count, 0),
    median(of('lost')),
    Math.max(...of('lost')),
    `${Math.max(...of('spanMs')).toFixed()} ms`,
  ];
  return `| ${cells.join(' | ')} |`;
}

const isTraceable = canTrace();
const rows: string[] = [];
for (const mode of Object.keys(MODES) as Mode[]) {
  for (const cut of CUTS) {
    if (cut === 'power cut' && !isTraceable) {
      rows.push(`| ${mode} | ${cut} | not measured: needs strace | | | |`);
      continue;
    }
    const rounds = await measure(mode, cut);
    rows.push(row(mode, cut, rounds));
    if (mode === 'always' && rounds.some(({ lost }) => lost > 0)) process.exitCode = 1;
  }
}
console.log(`${ROUNDS} rounds each, 64 clients, ${cpus().length} cores:\n`);
console.log('| Redis keeps | hit by | accepted | lost: median | lost: most | oldest lost, before the cut |');
console.log('|---|---|---|---|---|---|');
console.log(rows.join('\n'));
