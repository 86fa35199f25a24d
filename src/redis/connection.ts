import type { Redis } from 'ioredis';

/** A connection to Redis; `connect.ts` makes them, by role. */
export type Connection = Redis;
