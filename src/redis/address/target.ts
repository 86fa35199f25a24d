import type { NatMap } from './nat-map.ts';

/** PEM texts for TLS to Redis. Without `ca` the certificates count that Node trusts. */
export interface RedisTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** How to reach Redis. */
export interface RedisTarget {
  /** The value of REDIS_URL. */
  readonly url: string;
  readonly tls?: RedisTls;
  /** User and password of the sentinels; Redis has its own in the URL. */
  readonly sentinelUser?: string;
  readonly sentinelPassword?: string;
  readonly natMap?: NatMap;
}
