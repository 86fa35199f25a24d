import { type AppError, invalidRequest } from '../../errors.ts';
import { Tasks } from '../../schemas/lease.ts';
import { MAX_SETTLED } from '../../schemas/settle.ts';
import { compileSchema } from '../../schemas/validation/compile.ts';
import { Slices } from '../../slices.ts';
import { completed, failed, type JobReport, type ReadReport, released } from './reports.ts';
import type { SettledOutcome } from './settle.ts';

/** An item of a settle that names no job, or a job that another item names. It does not hold up the others. */
interface UnreadableItem {
  readonly id: string;
  readonly kind: 'unreadable';
  readonly error: AppError;
}

export type SettleItem = JobReport | UnreadableItem;

/** In the order of the outcomes. */
const READERS: readonly (readonly [list: string, read: ReadReport])[] = [
  ['complete', completed],
  ['fail', failed],
  ['release', released],
];

/**
 * The items of a settle, in the order of the outcomes, unreadable ones among them. It reads them in slices, since an error may have
 * many causes.
 *
 * @throws {AppError} invalid-request for no items, or too many.
 */
export async function settleItems(
  body: Readonly<Record<string, unknown>>,
  maxResultBytes: number,
): Promise<SettleItem[]> {
  const lists = READERS.map(([name, read]) => ({ name, read, items: listOf(body[name]) }));
  const count = lists.reduce((sum, { items }) => sum + items.length, 0);
  if (count === 0) throw invalid('', 'must have at least one job in complete, fail or release');
  if (count > MAX_SETTLED) throw tooManyItems();
  const named = new Set<string>();
  const slices = new Slices();
  const read: SettleItem[] = [];
  for (const { name, read: reader, items } of lists) {
    const toItem = (item: unknown, i: number): SettleItem => {
      const members: Readonly<Record<string, unknown>> = Object(item);
      const { id } = members;
      if (typeof id !== 'string') return unreadable('', `/${name}/${i}/id`, 'must be the id of a job');
      if (named.has(id)) return unreadable(id, `/${name}/${i}/id`, 'is named before; name each job once');
      named.add(id);
      return reader(id, members, maxResultBytes);
    };
    read.push(...(await slices.map(items, toItem)));
  }
  return read;
}

export const tooManyItems = (): AppError =>
  invalid(
    '',
    `must have at most ${MAX_SETTLED} jobs in all; none is settled, so send them in several requests`,
  );

const tasksSchema = compileSchema(Tasks, { isOurs: true });

/** The tasks of a request that takes jobs; undefined when it does not say. @throws {AppError} invalid-request. */
export function tasksOf(value: unknown): string[] | undefined {
  if (!tasksSchema.ok) throw new Error(tasksSchema.reason);
  if (value === undefined || value === null) return undefined;
  const faults = tasksSchema.check(value, '/tasks');
  if (faults.length > 0) throw invalidRequest(faults);
  return value as string[];
}

export const isReport = (item: SettleItem): item is JobReport => item.kind !== 'unreadable';

/** An outcome for each item, from those of the reports among them, in their order. */
export function outcomesOf(
  items: readonly SettleItem[],
  outcomes: readonly SettledOutcome[],
): SettledOutcome[] {
  const next = outcomes.values();
  return items.map((item) => {
    if (!isReport(item)) return { id: item.id, ok: false, error: item.error };
    const { value } = next.next();
    if (value === undefined) throw new Error('a job was settled without an outcome');
    return value;
  });
}

/** One item may stand without its list. */
function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

const invalid = (pointer: string, detail: string): AppError => invalidRequest([{ pointer, detail }]);

const unreadable = (id: string, pointer: string, detail: string): UnreadableItem => ({
  id,
  kind: 'unreadable',
  error: invalid(pointer, detail),
});
