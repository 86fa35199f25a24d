import { childEnv } from '../config.ts';
import { examine } from './doctor.ts';
import { isWrong } from './finding.ts';
import type { Area } from './judge.ts';
import { type DoctorOptions, parseOptions, USAGE } from './options.ts';
import { reportText } from './report.ts';

/** `npm run doctor`; in the image: `node dist/src/doctor/main.js`. Returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) return 2;
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const env = childEnv({});
  const all = await examine(env, process.cwd());
  const areas = all
    .map(({ name, findings }) => ({ name, findings: findings.filter(({ id }) => !options.ignored.has(id)) }))
    .filter(({ findings }) => findings.length > 0);
  const wrong = areas.flatMap(({ findings }) => findings).some(isWrong);
  console.log(options.json ? asJson(areas, !wrong) : reportText(areas, isTerminal(env)));
  return wrong ? 1 : 0;
}

function readOptions(args: readonly string[]): DoctorOptions | undefined {
  try {
    return parseOptions(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return undefined;
  }
}

const asJson = (areas: readonly Area[], healthy: boolean): string => {
  const findings = areas.flatMap((area) => area.findings.map((finding) => ({ area: area.name, ...finding })));
  return JSON.stringify({ healthy, findings }, null, 2);
};

/** NO_COLOR: https://no-color.org. */
const isTerminal = (env: NodeJS.ProcessEnv): boolean => process.stdout.isTTY === true && !env['NO_COLOR'];

process.exitCode = await main(process.argv.slice(2));
