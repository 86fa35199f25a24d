import type { TextEntry } from '../../redis/entry.ts';
import { Slices } from '../../slices.ts';
import type { AnnouncedTasks } from '../../tasks/directory.ts';

/**
 * The entries whose payload all live schemas of their task refuse. A payload that cannot be checked in time is left to the
 * worker: the job was accepted.
 */
export async function refusedPayloads(
  entries: readonly (TextEntry | undefined)[],
  known: AnnouncedTasks,
): Promise<ReadonlySet<TextEntry>> {
  const slices = new Slices();
  const refused = new Set<TextEntry>();
  for (const entry of entries) {
    if (entry === undefined) continue;
    const checked = known.checkPayload(entry.task, entry.json);
    const outcome = checked instanceof Promise ? await checked : checked;
    if (typeof outcome !== 'string' && outcome.length > 0) refused.add(entry);
    if (slices.isOver) await slices.next();
  }
  return refused;
}
