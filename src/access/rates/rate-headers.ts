import type { KeyRate } from '../caller.ts';
import type { RateState } from './key-rates.ts';

/** The name of the policy in both headers. */
const POLICY = '"key"';

/** The longest integer of structured fields (RFC 9651, 3.3.1). */
const MAX_INTEGER = 999_999_999_999_999;

const seconds = (ms: number): number => Math.min(Math.ceil(ms / 1_000), MAX_INTEGER);

/**
 * The headers of draft-ietf-httpapi-ratelimit-headers-10. `t` is the time until the bucket is full; while it is empty the time
 * until the next token, as Retry-After says.
 */
export const rateHeaders = ({ limit, perMs }: KeyRate, { left, nextInMs, fullInMs }: RateState) => ({
  'ratelimit-policy': `${POLICY};q=${limit};w=${seconds(perMs)}`,
  ratelimit: `${POLICY};r=${left};t=${seconds(left === 0 ? nextInMs : fullInMs)}`,
});
