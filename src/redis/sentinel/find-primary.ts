import { type Endpoint, endpointText } from '../address/redis-url.ts';
import { messageOf } from '../faults.ts';

/** What one sentinel says. */
export interface Told {
  readonly primary: Endpoint;
  /** Grows with each failover: of two answers the one with the greater epoch is newer. */
  readonly epoch: number;
}

/**
 * Where the primary is. All sentinels are asked at once, so one that is away costs no time. What most of them say holds at
 * once: one that is cut off from the others may still name an old primary. Without a majority the newest answer holds.
 *
 * @param ask rejects when the sentinel does not answer in its time, or does not know the primary.
 * @throws {Error} when no sentinel names one.
 */
export function findPrimary(
  sentinels: readonly Endpoint[],
  ask: (sentinel: Endpoint) => Promise<Told>,
): Promise<Endpoint> {
  const answers: Told[] = [];
  const faults: string[] = [];
  return new Promise((resolve, reject) => {
    const judge = () => {
      const agreed = answers.find(({ primary }) => isMost(countOf(answers, primary), sentinels.length));
      if (agreed !== undefined) return resolve(agreed.primary);
      if (answers.length + faults.length < sentinels.length) return;
      const [newest] = answers.toSorted((one, other) => other.epoch - one.epoch);
      if (newest !== undefined) resolve(newest.primary);
      else reject(new Error(`No sentinel names the primary (${faults.join('; ')})`));
    };
    for (const sentinel of sentinels) {
      ask(sentinel).then(
        (told) => {
          answers.push(told);
          judge();
        },
        (error: unknown) => {
          faults.push(`${endpointText(sentinel)}: ${messageOf(error)}`);
          judge();
        },
      );
    }
  });
}

const countOf = (answers: readonly Told[], primary: Endpoint): number =>
  answers.filter((told) => endpointText(told.primary) === endpointText(primary)).length;

const isMost = (count: number, all: number): boolean => count > all / 2;
