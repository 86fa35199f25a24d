import type { Place } from '../../redis/keys.ts';
import type { HeldCounts } from '../../schemas/queues/held.ts';
import type { HeldBy, Priority } from '../../schemas/values/names.ts';
import type { QueueLimits } from '../limits/limits.ts';

/** Counts of one stream of a queue. */
export interface PlaceCensus {
  length: number;
  running: number;
  /** Jobs that wait for another attempt, and those of them whose time has come. */
  due: number;
  dueNow: number;
  dead: number;
  /** Entries ever added. */
  added: number;
}

export interface Census {
  now: number;
  places: Record<Place, PlaceCensus>;
  /** Delayed jobs that never ran, and those of them whose time has come. */
  scheduled: number;
  scheduledNow: number;
  /** Parked jobs of these priorities whose time has come. */
  ranked: { critical: number; high: number; low: number };
  /** Since when the job that waits longest could have run, Unix ms; now when none waits. */
  waitingSince: number;
  /** Held jobs, in groups of one class, priority and origin; at most 200 groups. */
  heldGroups: HeldGroup[];
  /** Jobs in `holds`. */
  held: HeldCounts;
  /** The limit of the queue that holds back all other queued jobs. */
  heldBack: HeldBy | undefined;
  paused: boolean;
  /** When the pause ends by itself, Unix ms. */
  pausedUntil: number | undefined;
  /** Most jobs that have not ended; undefined without a limit. */
  maxJobs: number | undefined;
  limits: QueueLimits;
  /** Whether submits make events. */
  submitEvents: boolean;
  totals: Record<string, number>;
  /** Consumer, lease end (Unix ms), jobs it runs. */
  leases: { consumer: string; expiresAt: number; running: number }[];
  /** The reading of one to two minutes ago, or else the oldest of the last two minutes. `added`: by submits. */
  sample: { at: number; added: number; completed: number; failed: number } | undefined;
}

/** Held jobs of one class. */
export interface HeldGroup {
  priority: Priority;
  /** They were in `parked`; others are counted with their lane. */
  isParked: boolean;
  jobs: number;
}
