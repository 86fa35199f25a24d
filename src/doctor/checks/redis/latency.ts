import { type Finding, note, ok, warning } from '../../finding.ts';
import { type Reading, valueIn } from '../../readings/reading.ts';
import type { SlowCommand } from '../../readings/readings.ts';

/** A submit takes one round trip, a job of a worker some two. */
const SLOW_MEDIAN_MS = 20;
/** Worth a note: a busy machine of the doctor alone can make it so. */
const NOTED_MEDIAN_MS = 5;
const NOTED_WORST_MS = 100;
const RECENT_S = 3_600;
const SLOW_COMMAND_MS = 100;

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

/** Round trips, and commands of Millrace that took long. */
export const checkLatency = (
  pings: Reading<readonly number[]>,
  slowLog: Reading<readonly SlowCommand[]>,
  now: number,
): Finding[] => [...checkPings(pings), ...checkSlowLog(slowLog, now)];

function checkPings(pings: Reading<readonly number[]>): Finding[] {
  if ('refused' in pings) {
    return [
      warning('latency', {
        what: `Redis does not answer PINGs in time: ${pings.refused}.`,
        why: 'Requests fail with 503 after 900 ms.',
        todo: 'Look for a command that blocks Redis (redis-cli SLOWLOG GET), a slow disk, or a slow network.',
      }),
    ];
  }
  const sorted = [...pings.value].sort((one, other) => one - other);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const worst = sorted.at(-1) ?? 0;
  const what = `Redis answers in ${ms(median)} (median of ${sorted.length} PINGs), at worst in ${ms(worst)}.`;
  if (median <= NOTED_MEDIAN_MS && worst <= NOTED_WORST_MS) return [ok('latency', what)];
  const advice = {
    what,
    why: 'Every submit and every job waits for at least one such answer.',
    todo:
      median > NOTED_MEDIAN_MS
        ? 'Run API and workers near Redis: in the same region, zone or machine.'
        : 'Something stops Redis now and then: look at redis-cli LATENCY DOCTOR, the disk, and other programs on its machine.',
  };
  return [median > SLOW_MEDIAN_MS ? warning('latency', advice) : note('latency', advice)];
}

function checkSlowLog(slowLog: Reading<readonly SlowCommand[]>, now: number): Finding[] {
  const since = now / 1_000 - RECENT_S;
  const recent = (valueIn(slowLog) ?? []).filter(
    ({ at, ms: took }) => at >= since && took >= SLOW_COMMAND_MS,
  );
  if (recent.length === 0) return [];
  const worst = recent.reduce((one, other) => (other.ms > one.ms ? other : one));
  const isOurs = worst.client.startsWith('millrace-');
  const sender = isOurs ? worst.client : worst.client || 'another program';
  const advice = {
    what: `In the last hour ${recent.length} commands took ${SLOW_COMMAND_MS} ms or more. The slowest: ${worst.command.toUpperCase()} of ${sender}, ${ms(worst.ms)}.`,
    why: 'All other commands wait while one runs.',
    todo: isOurs
      ? 'Check the machine of Redis (CPU, swap, disk). If it is idle, please report it with redis-cli SLOWLOG GET.'
      : 'Give Millrace a Redis of its own.',
  };
  return [isOurs ? note('slow-commands', advice) : warning('slow-commands', advice)];
}
