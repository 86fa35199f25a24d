import { parseArgs } from 'node:util';
import { FINDING_IDS } from './finding.ts';

export interface DoctorOptions {
  readonly json: boolean;
  readonly help: boolean;
  /** Ids of findings that are left out. */
  readonly ignored: ReadonlySet<string>;
}

export const USAGE = `Usage: npm run doctor -- [--json] [--ignore <id>,...]

Looks at Redis, the API, the workers and the settings, and says what is wrong and what to do. It changes nothing.
The exit code is 1 with a warning or a fault, and 0 otherwise.

  --json          prints the findings as JSON
  --ignore <id>   leaves out findings that you know, by the ids that the report shows in brackets

REDIS_URL, PREFIX, HOST and PORT say where Redis and the API are, as for the service. Without them the doctor looks at
what npm start runs in this folder. MILLRACE_URL is another address of the API, MILLRACE_KEY a key with the scope read.`;

/** @throws {TypeError} for an unknown option or id; its message is for people. */
export function parseOptions(args: readonly string[]): DoctorOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      ignore: { type: 'string', multiple: true, default: [] },
    },
  });
  return { json: values.json, help: values.help, ignored: idsIn(values.ignore) };
}

/** The ids in lists such as `a,b`. @throws {TypeError} for an id that no finding has. */
export function idsIn(lists: readonly string[]): ReadonlySet<string> {
  const ids = lists.flatMap((list) => list.split(',')).map((id) => id.trim());
  const unknown = ids.find((id) => !FINDING_IDS.some((known) => known === id));
  if (unknown === undefined) return new Set(ids);
  throw new TypeError(
    `--ignore names "${unknown}", which no finding has as its id. The ids are ${FINDING_IDS.join(', ')}.`,
  );
}
