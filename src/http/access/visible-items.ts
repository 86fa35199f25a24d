import type { FastifyRequest } from 'fastify';
import type { SettleItem } from '../../leases/settle/settle-items.ts';
import { parseJobId } from '../../redis/job-id.ts';
import { hiddenId } from './hidden-jobs.ts';

/** The items of a settle. Those of jobs that the caller may not see name jobs that never were. */
export function visibleItems(request: FastifyRequest, items: readonly SettleItem[]): readonly SettleItem[] {
  const { caller } = request;
  if (caller.may('read') || caller.may('work')) return items;
  return items.map((item) => {
    const queue = parseJobId(item.id)?.queue ?? '';
    const isSeen = caller.may('work', queue) || caller.may('read', queue);
    return isSeen ? item : { ...item, id: hiddenId(request, item.id) };
  });
}
