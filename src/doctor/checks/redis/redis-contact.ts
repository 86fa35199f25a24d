import { contactAdvice, plainReason } from '../../../redis/server/contact.ts';
import { type Finding, fault } from '../../finding.ts';

const OTHER = 'Run redis-cli -u "$REDIS_URL" PING to see what it says.';

/** Redis could not be reached: the only finding then. */
export function checkContact({ address, fault: reason }: { address: string; fault: string }): Finding[] {
  return [
    fault('redis-reachable', {
      what: `Redis at ${address} cannot be used: ${plainReason(reason)}.`,
      why: 'Without Redis the API answers 503, and no job runs.',
      todo: contactAdvice(reason) ?? OTHER,
    }),
  ];
}
