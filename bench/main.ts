// Usage: npm run bench -- [--quick] [--only PART]... [--rounds N] [--out DIR | --write]
// Measures Millrace and what it is compared with, in turn, on this machine. Exits with 1 when a round has failed.
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { narrate } from './narrate.ts';
import { type Options, OptionsError, readOptions } from './options.ts';
import { describeMachine } from './report/machine.ts';
import { makeReport } from './report/report.ts';
import { runAll } from './runner.ts';
import { scenarios } from './scenarios/index.ts';

async function main(options: Options): Promise<void> {
  const machine = await describeMachine();
  const outcome = await runAll(options, narrate());
  const report = makeReport({ machine, quick: options.quick, rounds: options.rounds, outcome });
  console.log(report.markdown);
  if (options.out !== undefined) {
    const dir = resolve(options.out);
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, 'benchmarks.md'), report.markdown);
    await writeFile(join(dir, 'benchmarks.json'), report.json);
    await writeFile(join(dir, 'benchmarks.svg'), report.svg);
    console.error(`Written to ${dir}: benchmarks.md, benchmarks.json, benchmarks.svg`);
  }
  for (const { scenario, contender, round, reason } of outcome.failures) {
    console.error(`FAILED ${scenario}, ${contender}, round ${round}: ${reason}`);
  }
  if (outcome.failures.length > 0) process.exitCode = 1;
}

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

try {
  if (process.platform !== 'linux')
    throw new OptionsError('The bench reads CPU times from /proc: it needs Linux.');
  await main(readOptions(process.argv.slice(2), scenarios));
} catch (error) {
  if (!(error instanceof OptionsError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
