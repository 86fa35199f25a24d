import { createHash } from 'node:crypto';
import type { EntryOptions, PlaceOptions } from '../../redis/entry-options.ts';
import type { SubmitJob } from '../../schemas/job.ts';
import type { CacheOptions, DebounceOptions } from '../../schemas/jobs/unique.ts';
import type { JsonText } from '../../schemas/json/json-text.ts';
import type { Fault } from '../../schemas/problem.ts';
import type { Slices } from '../../slices.ts';
import { canonicalInSlices } from '../submit/canonical-in-slices.ts';
import type { UniqueRule } from './scripts/unique-rule.ts';

type Ms = (field: string, value: number | string | undefined) => number | undefined;

/** @param ms parses a duration, and notes its faults. */
export function uniqueRule(job: SubmitJob, ms: Ms, faults: Fault[]): UniqueRule | undefined {
  const { unique, debounce, cache } = job;
  const [first, ...others] = (['unique', 'debounce', 'cache'] as const).filter(
    (name) => job[name] !== undefined,
  );
  if (first === undefined) return undefined;
  for (const name of others) {
    faults.push({ pointer: `/${name}`, detail: `is not allowed together with ${first}; give one of them` });
  }
  if (debounce !== undefined) return debounceRule(job, debounce, ms, faults);
  if (cache !== undefined) return cacheRule(cache, ms);
  const { key, until = 'ended', for: time, onConflict = 'existing' } = unique === true ? {} : (unique ?? {});
  return { member: 'unique', key, until, forMs: ms('unique/for', time) ?? 0, onConflict };
}

function debounceRule(
  job: SubmitJob,
  { key, wait, maxWait }: DebounceOptions,
  ms: Ms,
  faults: Fault[],
): UniqueRule {
  for (const name of ['delay', 'runAt'] as const) {
    if (job[name] !== undefined)
      faults.push({ pointer: `/${name}`, detail: 'is not allowed together with debounce; give one of them' });
  }
  const waitMs = ms('debounce/wait', wait) ?? 0;
  const maxWaitMs = ms('debounce/maxWait', maxWait);
  if (maxWaitMs !== undefined && maxWaitMs < waitMs) {
    faults.push({ pointer: '/debounce/maxWait', detail: 'must not be less than wait' });
  }
  return { member: 'debounce', key, until: 'ended', forMs: 0, onConflict: 'replace', waitMs, maxWaitMs };
}

function cacheRule(cache: number | string | CacheOptions, ms: Ms): UniqueRule {
  const { for: time, key } = typeof cache === 'object' ? cache : { for: cache };
  const cacheMs = ms(typeof cache === 'object' ? 'cache/for' : 'cache', time);
  return { member: 'cache', key, until: 'ended', forMs: 0, onConflict: 'existing', cacheMs };
}

/** Characters of a digest: 132 bits. */
const DIGEST_LENGTH = 22;

/** The name of the place of a job within its queue: equal for equal tasks and keys, or payloads. */
async function placeDigest(
  task: string,
  { key, cacheMs }: Pick<UniqueRule, 'key' | 'cacheMs'>,
  payload: JsonText,
  slices?: Slices,
): Promise<string> {
  const subject = key === undefined ? await canonicalInSlices(payload, 'exact', slices) : JSON.stringify(key);
  const kind = `${cacheMs === undefined ? '' : 'cache '}${key === undefined ? 'payload' : 'key'}`;
  return createHash('sha256')
    .update(`${kind}\n${task}\n${subject}`)
    .digest('base64url')
    .slice(0, DIGEST_LENGTH);
}

/**
 * The options of a job with its place.
 *
 * @param resultTtlMs how long a result is kept where the job does not say so: at least as long as it answers others.
 */
export async function withPlace(
  { task, options, unique }: { task: string; options: EntryOptions; unique: UniqueRule },
  payload: JsonText,
  resultTtlMs: number,
  slices?: Slices,
): Promise<EntryOptions> {
  const uq = storeRule(await placeDigest(task, unique, payload, slices), unique);
  const { cacheMs = 0 } = unique;
  return { ...options, uq, ...(cacheMs > (options.rt ?? resultTtlMs) && { rt: cacheMs }) };
}

/** The rule as the entry keeps it. */
const storeRule = (digest: string, rule: UniqueRule): PlaceOptions => ({
  d: digest,
  ...(rule.key !== undefined && { k: rule.key }),
  ...(rule.until === 'started' && { u: rule.until }),
  ...(rule.forMs > 0 && { f: rule.forMs }),
  ...(rule.waitMs !== undefined && { w: rule.waitMs }),
  ...(rule.maxWaitMs !== undefined && { mw: rule.maxWaitMs }),
  ...(rule.cacheMs !== undefined && { ca: rule.cacheMs }),
  ...(rule.onConflict !== 'existing' && { c: rule.onConflict }),
});

/** What the submit of a job like this one would say. A job that is run again does not ask for the result of another. */
export function restoreRule(stored: PlaceOptions | undefined): Pick<SubmitJob, 'unique' | 'debounce'> {
  if (stored === undefined || stored.ca !== undefined) return {};
  const { k, u, f, c, w, mw } = stored;
  const key = k !== undefined && { key: k };
  if (w !== undefined) return { debounce: { wait: w, ...(mw !== undefined && { maxWait: mw }), ...key } };
  return {
    unique: {
      ...key,
      ...(u !== undefined && { until: u }),
      ...(f !== undefined && { for: f }),
      ...(c !== undefined && { onConflict: c }),
    },
  };
}
