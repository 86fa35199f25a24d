import type { Cluster, Redis } from 'ioredis';

/** A connection to Redis, to one server or to the nodes of a Cluster; `connect.ts` makes them, by role. */
export type Connection = Redis | Cluster;

/** A connection to one server. */
export type ServerConnection = Redis;
