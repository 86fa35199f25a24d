import type { Connection } from '../redis/connection.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { timeAt } from '../redis/server-time.ts';

/** Where a step of a long operation begins. */
export interface StepStart {
  /** When the first step began, Unix ms: later steps leave alone what has come since, or they might never end. */
  readonly startedAt: number;
  /** The cursor of the listing that the steps walk; undefined at its start. */
  readonly cursor: string | undefined;
}

/** The cursor of a step is `<time of the first step>.<cursor of the listing>`. Any other text goes to the listing, to be refused. */
export async function readStepCursor(
  redis: Connection,
  keys: QueueKeys,
  text: string | undefined,
): Promise<StepStart> {
  const [, startedAt, listed] = /^(\d{1,16})\.(.*)$/.exec(text ?? '') ?? [];
  if (startedAt === undefined) return { startedAt: await timeAt(redis, keys.scheduled), cursor: text };
  return { startedAt: Number(startedAt), cursor: listed };
}

/** The outcome of a step; with a cursor there are more jobs to check. */
export const stepDone = ({ startedAt }: StepStart, count: number, next: string | undefined) => ({
  count,
  ...(next !== undefined && { nextCursor: `${startedAt}.${next}` }),
});
