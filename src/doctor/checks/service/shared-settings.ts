import { parseJson } from '../../../redis/parse-json.ts';
import { type Finding, ok, warning } from '../../finding.ts';
import { type Reading, valueIn } from '../../readings/reading.ts';

/** A process renews its line every 30 s. */
const LIVE_MS = 60_000;

interface Announced {
  readonly service: string;
  readonly host: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Whether all processes have the same values of the settings that they should share. @param now Unix ms by the clock of Redis */
export function checkSharedSettings(
  configurations: Reading<Readonly<Record<string, string>>>,
  now: number,
): Finding[] {
  const live = Object.entries(valueIn(configurations) ?? {}).flatMap(([text, seen]) =>
    announced(text, seen, now),
  );
  if (live.length === 0) return [];
  const names = [...new Set(live.flatMap(({ values }) => Object.keys(values)))].sort();
  const findings = names.flatMap((name) => differing(name, live));
  return findings.length > 0
    ? findings
    : [ok('shared-settings', 'All processes have the same shared settings.')];
}

function announced(text: string, seen: string, now: number): Announced[] {
  const [at = '0', host = ''] = seen.split(' ');
  const value = parseJson(text);
  if (now - Number(at) > LIVE_MS || typeof value !== 'object' || value === null) return [];
  const { service, values } = value as { service?: unknown; values?: unknown };
  if (typeof service !== 'string' || typeof values !== 'object' || values === null) return [];
  return [{ service, host, values: values as Readonly<Record<string, unknown>> }];
}

function differing(name: string, live: readonly Announced[]): Finding[] {
  const having = live.filter(({ values }) => name in values);
  if (new Set(having.map(({ values }) => values[name])).size < 2) return [];
  const list = having.map(({ service, host, values }) => `${values[name]} in the ${service} on ${host}`);
  return [
    warning('shared-settings', {
      what: `${name} differs between processes: ${list.join(', ')}.`,
      why: 'Each process uses its own value, so jobs are kept too short or too long.',
      todo: `Give all processes the same ${name}, and restart them.`,
    }),
  ];
}
