import { createHash } from 'node:crypto';
import type { PlaceOptions } from '../../redis/entry-options.ts';
import type { JsonText } from '../../schemas/json/json-text.ts';
import type { OnConflict, UniqueOptions } from '../../schemas/jobs/unique.ts';
import { canonicalInSlices } from '../submit/canonical-in-slices.ts';

/** How a job that is to be stored shares its place with others. */
export interface UniqueRule {
  /** What the jobs have in common; undefined: their payloads. */
  readonly key: string | undefined;
  readonly until: 'ended' | 'started';
  /** It keeps the place at least this long from the submit, ms; 0: no longer than `until` says. */
  readonly forMs: number;
  readonly onConflict: OnConflict;
}

/** @param ms parses a duration, and notes its faults. */
export function uniqueRule(
  unique: true | UniqueOptions | undefined,
  ms: (field: string, value: number | string | undefined) => number | undefined,
): UniqueRule | undefined {
  if (unique === undefined) return undefined;
  const { key, until = 'ended', for: time, onConflict = 'existing' } = unique === true ? {} : unique;
  return { key, until, forMs: ms('unique/for', time) ?? 0, onConflict };
}

/** Characters of a digest: 132 bits. */
const DIGEST_LENGTH = 22;

/** The name of the place of a job within its queue: equal for equal tasks and keys, or payloads. */
export async function placeDigest(
  task: string,
  { key }: Pick<UniqueRule, 'key'>,
  payload: JsonText,
): Promise<string> {
  const subject = key === undefined ? await canonicalInSlices(payload, 'exact') : JSON.stringify(key);
  return createHash('sha256')
    .update(`${key === undefined ? 'payload' : 'key'}\n${task}\n${subject}`)
    .digest('base64url')
    .slice(0, DIGEST_LENGTH);
}

/** The rule as the entry keeps it. */
export const storeRule = (digest: string, { key, until, forMs, onConflict }: UniqueRule): PlaceOptions => ({
  d: digest,
  ...(key !== undefined && { k: key }),
  ...(until === 'started' && { u: until }),
  ...(forMs > 0 && { f: forMs }),
  ...(onConflict !== 'existing' && { c: onConflict }),
});

/** What a submit would say to get the same rule. */
export const restoreRule = ({ k, u, f, c }: PlaceOptions): UniqueOptions => ({
  ...(k !== undefined && { key: k }),
  ...(u !== undefined && { until: u }),
  ...(f !== undefined && { for: f }),
  ...(c !== undefined && { onConflict: c }),
});
