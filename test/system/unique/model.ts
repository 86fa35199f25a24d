import type { UniqueAnswer } from '../../../src/jobs/unique/answers.ts';

/** How a submit shares its place. */
export interface Rule {
  until: 'ended' | 'started';
  onConflict: 'existing' | 'reject' | 'replace';
  /** An hour: no test takes that long. */
  throttles: boolean;
}

type Status = 'waiting' | 'running' | 'failed' | 'gone';

export interface ModelJob {
  readonly id: string;
  readonly key: string;
  payload: number;
  status: Status;
  /** An attempt has begun, since it was stored or replaced. */
  begun: boolean;
  /** Waits for a time that does not come. */
  isLater: boolean;
  /** It waits for the end of another one. */
  isHeld: boolean;
}

interface Place {
  last: ModelJob;
  until: Rule['until'];
  follower: ModelJob | undefined;
  followerUntil: Rule['until'];
  isThrottled: boolean;
  /** The job that waits may not start before the throttle ends. */
  isDeferred: boolean;
}

/** What a submit is answered. */
export type Expected =
  | { kind: 'stored'; isHeld: boolean; isLater: boolean }
  | { kind: UniqueAnswer; job: ModelJob }
  | { kind: 'not-unique'; job: ModelJob };

const isOpen = (job: ModelJob | undefined): boolean =>
  job !== undefined && (job.status === 'waiting' || job.status === 'running');

/** Unique jobs as the documentation describes them, without any Redis. */
export class Model {
  jobs: ModelJob[] = [];
  #places = new Map<string, Place>();

  /** Every job and place is gone. */
  flush(): void {
    for (const job of this.jobs) job.status = 'gone';
    this.#places.clear();
  }

  which(...statuses: Status[]): ModelJob[] {
    return this.jobs.filter(({ status }) => statuses.includes(status));
  }

  /** What becomes of a submit. A stored job is added with `stored`. */
  submit(key: string, rule: Rule, payload: number): Expected {
    const place = this.#settled(key);
    const holder = place && this.#holder(place);
    if (place === undefined || (holder === undefined && !place.isThrottled))
      return { kind: 'stored', isHeld: false, isLater: false };
    if (rule.onConflict === 'existing') return { kind: 'deduplicated', job: place.last };
    if (rule.onConflict === 'reject') return { kind: 'not-unique', job: place.last };
    if (holder === undefined) return { kind: 'stored', isHeld: false, isLater: true };
    const { follower } = place;
    const waiting = follower ?? (holder.status === 'waiting' ? holder : undefined);
    if (waiting === undefined) return { kind: 'stored', isHeld: true, isLater: place.isThrottled };
    Object.assign(waiting, { payload, begun: false, isLater: place.isDeferred });
    if (follower === undefined) place.until = rule.until;
    else place.followerUntil = rule.until;
    place.isThrottled ||= rule.throttles;
    return { kind: 'replaced', job: waiting };
  }

  /** A job that `submit` has said is to be stored. */
  stored(
    id: string,
    key: string,
    rule: Rule,
    payload: number,
    { isHeld, isLater }: { isHeld: boolean; isLater: boolean },
  ): void {
    const job: ModelJob = { id, key, payload, status: 'waiting', begun: false, isLater, isHeld };
    this.jobs.push(job);
    const before = this.#places.get(key);
    const isThrottled = (before?.isThrottled ?? false) || rule.throttles;
    if (isHeld && before !== undefined) {
      Object.assign(before, { follower: job, followerUntil: rule.until, isThrottled, isDeferred: isLater });
      return;
    }
    this.#places.set(key, {
      last: job,
      until: rule.until,
      follower: undefined,
      followerUntil: 'ended',
      isThrottled,
      isDeferred: isLater,
    });
  }

  take(): ModelJob[] {
    const taken = this.which('waiting').filter(({ isHeld, isLater }) => !isHeld && !isLater);
    for (const job of taken) job.status = 'running';
    return taken;
  }

  /** The job ends, and frees the one that follows it. */
  end(job: ModelJob, status: 'failed' | 'gone'): void {
    job.status = status;
    const place = this.#places.get(job.key);
    if (place?.last === job && place.follower !== undefined) place.follower.isHeld = false;
  }

  /** The job vanishes, and nothing tells the one that follows it. */
  lose(job: ModelJob): void {
    job.status = 'gone';
  }

  /** Followers of jobs that are gone are free. */
  sweep(): void {
    for (const place of this.#places.values()) {
      if (place.follower !== undefined && !isOpen(place.last)) place.follower.isHeld = false;
    }
  }

  /** The job that has the place of a dead letter, if there is one; else the dead letter waits again. */
  requeue(job: ModelJob): ModelJob | undefined {
    const place = this.#settled(job.key, false);
    const holder = place && this.#holder(place);
    if (place !== undefined && holder !== undefined) return place.last;
    if (place?.isThrottled && place.last !== job) return place.last;
    Object.assign(job, { status: 'waiting', begun: true, isLater: false });
    return undefined;
  }

  /** The place after a requeue. @param until as the job was submitted with. */
  requeued(job: ModelJob, until: Rule['until']): void {
    const isThrottled = this.#places.get(job.key)?.isThrottled ?? false;
    this.#places.set(job.key, {
      last: job,
      until,
      follower: undefined,
      followerUntil: 'ended',
      isThrottled,
      isDeferred: false,
    });
  }

  /** Of a key; a follower has taken the place of a job that has ended. */
  #settled(key: string, frees = true): Place | undefined {
    const place = this.#places.get(key);
    if (place === undefined) return undefined;
    const { follower } = place;
    if (!isOpen(follower)) place.follower = undefined;
    else if (!isOpen(place.last) && follower !== undefined) {
      place.last = follower;
      place.until = place.followerUntil;
      place.follower = undefined;
      if (frees) follower.isHeld = false;
    }
    return place;
  }

  #holder({ last, until }: Place): ModelJob | undefined {
    const hasStarted = last.begun || last.status === 'running';
    return isOpen(last) && (until === 'ended' || !hasStarted) ? last : undefined;
  }
}
