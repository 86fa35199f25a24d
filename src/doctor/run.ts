import { childEnv } from '../config.ts';
import { examine } from './doctor.ts';
import { isWrong } from './finding.ts';
import type { Area } from './judge.ts';
import { reportText } from './report.ts';

/**
 * Looks at all, and prints what it finds. Returns the exit code.
 *
 * @param url the address of the API, in place of MILLRACE_URL. @param ignored ids of findings to leave out.
 */
export async function runDoctor(asked: {
  readonly url?: string | undefined;
  readonly json: boolean;
  readonly ignored: ReadonlySet<string>;
}): Promise<number> {
  const env = childEnv(asked.url === undefined ? {} : { MILLRACE_URL: asked.url });
  const all = await examine(env, process.cwd());
  const areas = all
    .map(({ name, findings }) => ({ name, findings: findings.filter(({ id }) => !asked.ignored.has(id)) }))
    .filter(({ findings }) => findings.length > 0);
  const wrong = areas.flatMap(({ findings }) => findings).some(isWrong);
  console.log(asked.json ? asJson(areas, !wrong) : reportText(areas, isTerminal(env)));
  return wrong ? 1 : 0;
}

const asJson = (areas: readonly Area[], healthy: boolean): string => {
  const findings = areas.flatMap((area) => area.findings.map((finding) => ({ area: area.name, ...finding })));
  return JSON.stringify({ healthy, findings }, null, 2);
};

/** NO_COLOR: https://no-color.org. */
const isTerminal = (env: NodeJS.ProcessEnv): boolean => process.stdout.isTTY === true && !env['NO_COLOR'];
