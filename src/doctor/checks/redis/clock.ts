import { type Finding, note, ok, warning } from '../../finding.ts';
import type { Reading } from '../../readings/reading.ts';
import type { ClockReading } from '../../readings/readings.ts';

const SKEWED_MS = 1_000;
const WHY =
  'Jobs with runAt start early or late, and tokens and keys expire at another time than their owners expect.';
const ADVICE = 'Set both clocks by NTP: timedatectl set-ntp true on each machine.';

/** The clock of the API beside that of Redis. The doctor may run on a third machine. */
export function checkApiClock(redis: ClockReading | undefined, api: ClockReading | undefined): Finding[] {
  if (redis === undefined || api === undefined) return [];
  const difference = api.skewMs - redis.skewMs;
  if (Math.abs(difference) - api.errorMs - redis.errorMs <= SKEWED_MS) return [];
  const seconds = Math.round(Math.abs(difference) / 1_000);
  return [
    warning('api-clock', {
      what: `The clock of the API is ${seconds} s ${difference > 0 ? 'ahead of' : 'behind'} that of Redis.`,
      why: WHY,
      todo: ADVICE,
    }),
  ];
}

/** The clock of this machine beside that of Redis, which all due times and leases follow. */
export function checkClock(clock: Reading<ClockReading>): Finding[] {
  if ('refused' in clock) {
    return [note('clock', { what: `The clock of Redis cannot be read: ${clock.refused}.` })];
  }
  const { skewMs, errorMs } = clock.value;
  const difference = Math.abs(skewMs);
  if (difference - errorMs <= SKEWED_MS) {
    return [ok('clock', `The clocks of Redis and of this machine differ by ${Math.round(difference)} ms.`)];
  }
  const seconds = (difference / 1_000).toFixed(1);
  return [
    warning('clock', {
      what: `The clock of Redis is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} that of this machine.`,
      why: WHY,
      todo: ADVICE,
    }),
  ];
}
