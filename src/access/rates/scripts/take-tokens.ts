import type { Connection } from '../../../redis/connection.ts';
import { defineScript } from '../../../redis/script/define-script.ts';

/**
 * Takes up to `wanted` tokens out of a bucket. The bucket is one time, in microseconds: when it is full again. It has `limit`
 * tokens then, and one less for each `perMs / limit` before. A bucket that is full has no key.
 *
 * Returns the tokens taken, those left, and the microseconds until there is one more, and until the bucket is full.
 */
export const takeTokensScript = defineScript({
  name: 'take-tokens',
  keys: ['bucket'],
  args: ['limit', 'perMs', 'wanted'],
  lua: `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local per = tonumber(perMs) * 1000
local one = per / tonumber(limit)
-- After the clock of Redis went back, the bucket is empty at worst.
local fullAt = math.min(math.max(tonumber(redis.call('GET', bucket) or now), now), now + per)
-- The share of a microsecond that rounding has cost must not cost a token.
local left = math.floor((now + per - fullAt) / one + 0.001)
local taken = math.min(left, tonumber(wanted))
if taken > 0 then
  fullAt = math.ceil(fullAt + taken * one)
  redis.call('SET', bucket, string.format('%.0f', fullAt), 'PX', math.ceil((fullAt - now) / 1000))
end
left = left - taken
local nextIn = math.max(0, math.ceil(fullAt + (left + 1) * one - per - now))
return { taken, left, left < tonumber(limit) and nextIn or 0, fullAt - now }
`,
});

/** The tokens that were taken, and the bucket after that. */
export interface TakenTokens {
  readonly taken: number;
  readonly left: number;
  /** Until there is one more, ms; 0 when the bucket is full. */
  readonly nextInMs: number;
  readonly fullInMs: number;
}

/** Takes up to `wanted` tokens out of the bucket of a rate. */
export async function takeTokens(
  redis: Connection,
  bucket: string,
  { limit, perMs }: { readonly limit: number; readonly perMs: number },
  wanted: number,
): Promise<TakenTokens> {
  const reply = await takeTokensScript.run(redis, { bucket }, { limit, perMs, wanted });
  const [taken = 0, left = 0, nextIn = 0, fullIn = 0] = reply as number[];
  return { taken, left, nextInMs: nextIn / 1_000, fullInMs: fullIn / 1_000 };
}
