import type { TestRedis } from './server.ts';

const PASSWORD = 'a-password';

/** Makes a Redis user with these ACL rules. Returns the value of REDIS_URL for it; the Redis must listen on a port. */
export async function addUser(redis: TestRedis, name: string, rules: readonly string[]): Promise<string> {
  await redis.client.acl('SETUSER', name, 'reset', 'on', `>${PASSWORD}`, ...rules);
  return `redis://${name}:${PASSWORD}@${new URL(redis.url).host}`;
}
