import type { Core } from '../../../../src/core/core.ts';
import type { Connection } from '../../../../src/redis/connection.ts';
import type { QueueKeys } from '../../../../src/redis/keys.ts';
import type { Backlog } from '../fill.ts';

/** Where a tour goes: a queue with a long backlog, its Redis, and an API. */
export interface Site {
  readonly api: { readonly origin: string };
  readonly redis: Connection;
  readonly core: Core;
  readonly keys: QueueKeys;
  readonly backlog: Backlog;
}

/** One thing that users or workers do. */
export interface Stop {
  readonly title: string;
  /** Jobs that it reads or moves, which it must do in steps; 0 where it has one step. */
  readonly jobs: number;
  /** Most jobs of one call; 200 by default. */
  readonly perCall?: number;
  readonly run: (site: Site) => Promise<void>;
  /** What it needs, made before it is watched. */
  readonly prepare?: (site: Site) => Promise<void>;
}

/** Jobs of a step that handles many. */
export const MANY = 1_000;
/** When jobs are due that are not to become due during a tour, ms from now. */
export const LATER_MS = 3_600_000;

/** @throws {Error} for an answer with another status. */
export async function expectStatus(
  answer: Promise<{ status: number; text: string }>,
  status: number,
): Promise<void> {
  const { status: given, text } = await answer;
  if (given !== status) throw new Error(`the API answered ${given}, not ${status}: ${text}`);
}
