import { expect } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { refOfHeld } from '../../../src/lifecycle/hold-class.ts';
import { placeOfMember, refOfPlace } from '../../../src/lifecycle/scripts/tags/tag-place.ts';
import { listEnded } from '../../../src/queues/list-ended.ts';
import { listJobs } from '../../../src/queues/list-jobs.ts';
import { queueStats } from '../../../src/queues/stats.ts';
import { formatJobId, formatRef } from '../../../src/redis/job-id.ts';
import { inOrder } from '../../../src/redis/keys.ts';
import type { Job } from '../../../src/schemas/job.ts';
import { JsonText } from '../../../src/schemas/json/json-text.ts';
import { ENDED_STATUSES, LISTED_STATUSES, PRIORITIES } from '../../../src/schemas/values/names.ts';
import { hasEnded, type ModelJob, shownStatus } from './job.ts';
import type { Model } from './model.ts';
import type { Real } from './real.ts';

/** The job view keeps this many errors. */
const SHOWN_ERRORS = 10;
/** No test has this many jobs. */
const ALL = 1_000;

/** The real queue shows what the model expects. The comparison does not read expired jobs, since a read ends them. */
export async function compare(model: Model, real: Real): Promise<void> {
  await Promise.all([
    compareJobs(model, real),
    compareListing(model, real),
    compareEnded(model, real),
    compareStats(model, real),
    compareNotes(model, real),
    compareLogs(model, real),
    compareTags(model, real),
  ]);
}

/** Returns the value of an API call, or the error code if the API refuses it. */
export async function outcomeOf<T>(call: Promise<T>): Promise<T | string> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

/** Compares each job by its id, except the jobs that a read would end. */
async function compareJobs(model: Model, { jobInspector, workers }: Real): Promise<void> {
  const expiredJobs = new Set(model.expiredJobs());
  const jobs = model.jobs.filter((job) => !expiredJobs.has(job));
  const found = await Promise.all(jobs.map((job) => outcomeOf(jobInspector.find(job.id))));
  const shown = found.map((one) => (typeof one === 'string' ? one : comparedFields(one)));
  const name = (worker: number) => workers[worker]?.name;
  expect(shown).toEqual(jobs.map((job) => (job.status === 'gone' ? 'job-gone' : expected(job, name))));
}

/** Of a text of JSON. */
const parsed = (json: unknown) => (json === undefined ? undefined : JsonText.of(json).parse());

const comparedFields = (job: Job) => ({
  id: job.id,
  status: job.status,
  heldBy: job.heldBy,
  priority: job.priority,
  tags: job.tags ?? [],
  attempt: job.attempt,
  maxAttempts: job.maxAttempts,
  payload: parsed(job.payload),
  progress: parsed(job.progress),
  checkpoint: parsed(job.checkpoint),
  result: parsed(job.result),
  errors: job.errors?.map(({ attempt, name }) => ({ attempt, name })),
  error: job.error?.attempt,
  worker: job.worker,
});

function expected(
  job: ModelJob,
  nameOf: (worker: number) => string | undefined,
): ReturnType<typeof comparedFields> {
  const { id, priority, tags, maxAttempts, errors, holder, ended } = job;
  if (job.status === 'gone') throw new Error('the API does not show a job that is gone');
  const stored = !hasEnded(job) || job.status === 'failed';
  // A result names its worker, and holds the payload if the job says so.
  const keeps = stored || job.keepPayload;
  const worker = holder?.worker ?? (stored ? job.buriedBy : ended?.worker);
  return {
    id,
    status: shownStatus(job.status, job),
    heldBy: job.heldAt === undefined ? undefined : ('task' as const),
    priority,
    tags: [...tags],
    attempt: holder?.attempt ?? job.spent - job.base,
    maxAttempts,
    payload: keeps ? job.payload : undefined,
    progress: stored ? job.progress : undefined,
    checkpoint: stored ? job.checkpoint : undefined,
    result: job.result,
    errors: errors.length === 0 ? undefined : errors.slice(-SHOWN_ERRORS),
    error: job.status === 'failed' ? errors.at(-1)?.attempt : undefined,
    worker: worker === undefined ? undefined : nameOf(worker),
  };
}

/** The listing shows every job with an entry once, with its status. Pending entries are the running jobs. */
async function compareListing(model: Model, { core, queueInspector, keys, workers }: Real): Promise<void> {
  const live = model.jobs.filter(({ status }) => (LISTED_STATUSES as readonly string[]).includes(status));
  const [{ items, nextCursor }, { items: pending }] = await Promise.all([
    listJobs(core, keys, { limit: ALL }),
    queueInspector.pending(keys.queue, { limit: ALL }),
  ]);
  expect(items.map(({ id, status }) => `${id} ${status}`).sort()).toEqual(
    live.map((job) => `${job.id} ${shownStatus(job.status, job)}`).sort(),
  );
  expect(nextCursor).toBeUndefined();
  expect(pending.map(({ id, worker, attempt }) => `${id} ${worker} ${attempt}`).sort()).toEqual(
    model
      .held()
      .map(({ job, worker, attempt }) => `${job.id} ${workers[worker]?.name} ${attempt}`)
      .sort(),
  );
}

/** The listings of ended jobs show each job once that ended so and is still kept. */
async function compareEnded(model: Model, { core, keys }: Real): Promise<void> {
  for (const status of ENDED_STATUSES) {
    const { items } = await listEnded(core, keys, { status, limit: ALL });
    const ended = model.jobs.filter((job) => job.status === status);
    expect(items.map(({ id }) => id).sort()).toEqual(ended.map(({ id }) => id).sort());
  }
}

async function compareStats(model: Model, { core, keys, workers }: Real): Promise<void> {
  const stats = await queueStats(core.redis, keys);
  const count = (test: (job: ModelJob) => boolean) => model.jobs.filter(test).length;
  const counts = LISTED_STATUSES.map((status) => [
    status,
    count((job) => shownStatus(job.status, job) === status),
  ]);
  const lanes = PRIORITIES.map((lane) => [
    lane,
    count((job) => shownStatus(job.status, job) === 'queued' && job.priority === lane),
  ]);
  expect(stats).toMatchObject({
    paused: model.paused,
    counts: Object.fromEntries(counts),
    lanes: Object.fromEntries(lanes),
    totals: model.totals,
  });
  expect(stats.maxJobs ?? Number.POSITIVE_INFINITY).toBe(model.maxJobs);
  const { submitted, completed, cancelled, expired, purged } = stats.totals;
  const placed = Object.values(stats.counts).reduce((sum, one) => sum + one, 0);
  expect(placed + completed + cancelled + expired + purged).toBe(submitted);
  const atWork = workers.flatMap(({ name }, i) => {
    const running = model.held().filter(({ worker }) => worker === i).length;
    return model.leases[i] === 'held' ? [`${name} ${running}`] : [];
  });
  expect(stats.workers.map(({ name, running }) => `${name} ${running}`).sort()).toEqual(atWork.sort());
}

/** A job has its log as long as it can be read: for ever while it has not ended, else as long as its result. */
async function compareLogs(model: Model, { redis: { client }, keys }: Real): Promise<void> {
  const expiryOf = (key: string) => client.pexpiretime(key);
  await Promise.all(
    model.jobs.map(async (job) => {
      const ref = formatRef(job.ref);
      const [log, result] = await Promise.all([expiryOf(keys.log(ref)), expiryOf(keys.result(ref))]);
      // PEXPIRETIME is -1 for a key without an end, and -2 for a missing key.
      const kept = hasEnded(job) && job.status !== 'failed' ? result : -1;
      expect(log).toBe(job.hasLog && job.status !== 'gone' ? kept : -2);
    }),
  );
}

/** The index of tags has each job that can be read, by its id and with each of its tags. It may still have others. */
async function compareTags(model: Model, real: Real): Promise<void> {
  const gone = new Set(model.jobs.filter(({ status }) => status === 'gone').map(({ id }) => id));
  const indexed = (await indexedTags(real)).filter(({ id }) => !gone.has(id));
  const expected = model.jobs
    .filter(({ id }) => !gone.has(id))
    .flatMap(({ id, tags }) => tags.map((tag) => `${tag} ${id}`));
  expect(indexed.map(({ tag, id }) => `${tag} ${id}`).sort()).toEqual(expected.sort());
}

/** What the index of tags has. */
export async function indexedTags({ redis: { client }, keys }: Real): Promise<{ tag: string; id: string }[]> {
  const members = await client.zrange(keys.tagged, 0, '-1');
  return members.map((member) => {
    const ref = refOfPlace(placeOfMember(member));
    if (ref === undefined) throw new Error(`no place in the index of tags: ${member}`);
    return { tag: member.slice(0, member.indexOf('\n')), id: formatJobId(keys.queue, ref) };
  });
}

/** Only jobs with an entry have notes or a rank, and each is in at most one set. */
async function compareNotes(model: Model, { redis: { client }, keys }: Real): Promise<void> {
  const live = new Set(
    model.jobs
      .filter((job) => job.status === 'failed' || (job.status !== 'gone' && !hasEnded(job)))
      .map(({ ref }) => formatRef(ref)),
  );
  const sets = [keys.scheduled, ...inOrder(keys.due), ...inOrder(keys.dead)];
  const [fields, held, ranked, ...members] = await Promise.all([
    client.hkeys(keys.notes),
    client.zrange(keys.holds, 0, '-1'),
    client.zrange(keys.ranked, 0, '-1'),
    ...sets.map((set) => client.zrange(set, 0, '-1')),
  ]);
  const noted = fields.map((field) => field.slice(0, field.indexOf(':')));
  const placed = [...members.flat(), ...held.map(refOfHeld)];
  expect([...noted, ...placed].filter((ref) => !live.has(ref))).toEqual([]);
  expect(new Set(placed).size).toBe(placed.length);
  const ranks = model.jobs.filter(({ ref, priority }) => ref.place === 'parked' && priority !== 'normal');
  const ranksLeft = ranks.map(({ ref }) => formatRef(ref)).filter((ref) => live.has(ref));
  expect(ranked.sort()).toEqual(ranksLeft.sort());
}
