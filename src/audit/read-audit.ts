import type { Core } from '../core/core.ts';
import { invalidCursor } from '../errors.ts';
import { decodeCursor, encodeCursor } from '../schemas/values/cursor.ts';
import { type AuditRecord, decodeRecord } from './record.ts';

/** The lists in their order at the same entry id. */
const LISTS = ['calls', 'refused'] as const;
type List = (typeof LISTS)[number];

/** A call, and when it was written, Unix ms. */
export interface AuditedCall extends AuditRecord {
  readonly at: number;
}

export interface AuditRange {
  /** Unix ms, both inclusive. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

interface Found {
  readonly ms: number;
  readonly seq: number;
  readonly list: List;
  readonly record: AuditRecord;
}

type Position = Omit<Found, 'record'>;

const CURSOR = /^(\d{1,15})-(\d{1,15})-(calls|refused)$/;

/** Calls of both lists, the newest first. @throws {AppError} invalid-request. */
export async function readAudit(
  { redis, keySpace }: Pick<Core, 'redis' | 'keySpace'>,
  { from, to, limit, cursor }: AuditRange,
): Promise<{ items: AuditedCall[]; nextCursor?: string }> {
  const after = cursor === undefined ? undefined : readCursor(cursor);
  const read = async (list: List): Promise<Found[]> => {
    const end = endOf(list, after, to);
    const start = from === undefined ? '-' : String(from);
    const entries = await redis.xrevrange(keySpace.audit[list], end, start, 'COUNT', limit + 1);
    return entries.map(([id, fields]) => ({ ...idOf(id), list, record: decodeRecord(fields) }));
  };
  const found = (await Promise.all(LISTS.map(read))).flat().sort(newestFirst);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(({ ms, record }) => ({ at: ms, ...record })),
    ...(found.length > limit && last !== undefined && { nextCursor: cursorOf(last) }),
  };
}

const newestFirst = (one: Position, other: Position): number =>
  other.ms - one.ms || other.seq - one.seq || LISTS.indexOf(one.list) - LISTS.indexOf(other.list);

/** Up to where a list is read: what comes after the position, and is no later than `to`. */
function endOf(list: List, after: Position | undefined, to: number | undefined): string {
  if (after === undefined || (to !== undefined && to < after.ms)) return to === undefined ? '+' : String(to);
  const id = `${after.ms}-${after.seq}`;
  return LISTS.indexOf(list) > LISTS.indexOf(after.list) ? id : `(${id}`;
}

function idOf(id: string): { ms: number; seq: number } {
  const [ms, seq] = id.split('-');
  return { ms: Number(ms), seq: Number(seq) };
}

const cursorOf = ({ ms, seq, list }: Position): string => encodeCursor(`${ms}-${seq}-${list}`);

function readCursor(cursor: string): Position {
  const [, ms, seq, list] = CURSOR.exec(decodeCursor(cursor)) ?? [];
  if (list === undefined) throw invalidCursor();
  return { ms: Number(ms), seq: Number(seq), list: list as List };
}
