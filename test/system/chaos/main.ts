import { parseArgs } from 'node:util';
import { brokenOff, type Report, table } from './report.ts';
import { SCENARIOS } from './scenarios/index.ts';

const { values } = parseArgs({
  options: {
    scenario: { type: 'string' },
    minutes: { type: 'string' },
    kills: { type: 'string' },
    jobs: { type: 'string' },
    seed: { type: 'string' },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const wanted = values.scenario ?? 'mix';
const names = wanted === 'all' ? Object.keys(SCENARIOS) : wanted.split(',');
const unknown = names.filter((name) => !Object.hasOwn(SCENARIOS, name));
if (unknown.length > 0) {
  console.error(`No scenario ${unknown.join(', ')}. There are: ${Object.keys(SCENARIOS).join(', ')}, all.`);
  process.exit(1);
}

const started = performance.now();
const say = (line: string) => console.log(`${((performance.now() - started) / 1_000).toFixed(1)} s  ${line}`);
const reports: Report[] = [];
say(`seed ${seed}`);
for (const name of names) {
  const scenario = SCENARIOS[name];
  if (scenario === undefined) continue;
  const { play, jobs, faults } = scenario;
  say(name);
  const report = await play({
    seed,
    jobs: Number(values.jobs ?? jobs),
    faults: Number(values.kills ?? faults),
    minutes: Number(values.minutes ?? 20),
    slackMs: 0,
    say: (line) => say(`${name}: ${line}`),
  }).catch((error: unknown) => brokenOff(name, seed, error));
  say(`${name}: ${report.violations.length === 0 ? 'ok' : `${report.violations.length} violations`}`);
  reports.push(report);
}
for (const line of table(reports)) console.log(line);
process.exit(reports.every(({ violations }) => violations.length === 0) ? 0 : 1);
