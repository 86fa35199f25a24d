import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { untilRedisAnswers } from '../../src/local/given-redis.ts';
import { freePort } from '../../src/local/redis-settings.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const check = (url: string, answerMs?: number) => untilRedisAnswers(loadConfig({ REDIS_URL: url }), answerMs);

it('goes on with a Redis that answers', async () => {
  await check(redis.url);
});

it('names the address, without its password, the reason and what to do when nothing listens', async () => {
  const port = await freePort();
  await expect(check(`redis://:secret-word@127.0.0.1:${port}`, 500)).rejects.toThrow(
    new RegExp(
      `^No Redis answers at redis://(?!.*secret-word).*127\\.0\\.0\\.1:${port} \\(.*ECONNREFUSED.*\\)\\. .*REDIS_URL`,
    ),
  );
});

it('does not wait for a server that says nothing', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await expect(check(`redis://127.0.0.1:${port}`, 300)).rejects.toThrow('No Redis answers');
  server.close();
});
