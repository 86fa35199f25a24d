import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import { LogMessage } from '../../../src/schemas/jobs/log.ts';
import { expectShape } from '../../helpers/api/expect-schema.ts';
import { useApi } from '../../helpers/api/server.ts';
import { type Message, type OpenStream, openStream, typesIn } from '../../helpers/events/sse-client.ts';
import { newQueue, post, takeOne } from '../../helpers/leases/http-worker.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

async function held() {
  const queue = newQueue();
  const { id } = await api.submit({ queue, task: 'work' });
  const { lease } = await takeOne(api, { queues: [queue] });
  const log = (...lines: string[]) => post(api, `/jobs/${id}/log`, { lease, log: lines });
  const follow = (more: Parameters<typeof openStream>[2] = {}) =>
    openStream(api.origin, `/jobs/${id}/events`, more);
  return { queue, id, lease, log, follow };
}

const linesIn = (messages: readonly Message[]) =>
  messages
    .filter(({ type }) => type === 'log')
    .flatMap(({ data }) => data['lines'] as { line: number; message: string }[])
    .map(({ line, message }) => `${line} ${message}`);

const untilLines = (stream: OpenStream, count: number) =>
  until(
    () => linesIn(stream.messages).length >= count && linesIn(stream.messages),
    () => `${count} lines, not ${linesIn(stream.messages).join()}`,
  );

describe('the event stream of a job', () => {
  it('has the lines of its log so far, then new ones as they come, all before the last event', async () => {
    const { id, lease, log, follow } = await held();
    await log('a', 'b');
    const [stream, other] = await Promise.all([follow(), follow()]);
    expect(await untilLines(stream, 2)).toEqual(['1 a', '2 b']);
    await log('c');
    expect(await untilLines(stream, 3)).toEqual(['1 a', '2 b', '3 c']);
    await log('d');
    await post(api, `/jobs/${id}/complete`, { lease });
    await Promise.all([stream.ended, other.ended]);
    for (const { messages } of [stream, other]) {
      expect(linesIn(messages)).toEqual(['1 a', '2 b', '3 c', '4 d']);
      expect(messages.at(-1)?.type).toBe('completed');
      expectShape(LogMessage, messages.find(({ type }) => type === 'log')?.data);
    }
  });

  it('has no id for lines: a client that comes back gets those again that it may have missed', async () => {
    const { id, lease, log, follow } = await held();
    const first = await follow();
    await first.count(1);
    const { lastId } = first.parser;
    await log('a');
    await untilLines(first, 1);
    expect(first.parser.lastId).toBe(lastId);
    first.close();
    await log('b');
    const second = await follow({ lastEventId: lastId });
    expect(await untilLines(second, 2)).toEqual(['1 a', '2 b']);
    second.close();
    await post(api, `/jobs/${id}/complete`, { lease });
    const third = await follow({ lastEventId: lastId });
    await third.ended;
    expect(linesIn(third.messages)).toEqual(['1 a', '2 b']);
    expect(third.messages.at(-1)?.type).toBe('completed');
  });

  it('has the last lines before the last event even if the hint at them was lost', async () => {
    const { queue, id, lease, log, follow } = await held();
    await log('a');
    const stream = await follow();
    await untilLines(stream, 1);
    const [key = ''] = await redis.client.keys(`mr:{${queue}}:log:*`);
    const line = '[1764396000000,1,"info","b"]';
    await redis.client.multi().lpop(key).rpush(key, line).lpush(key, '2 60').exec();
    await post(api, `/jobs/${id}/complete`, { lease });
    await stream.ended;
    expect(linesIn(stream.messages)).toEqual(['1 a', '2 b']);
    expect(stream.messages.at(-1)?.type).toBe('completed');
  });

  it('says how many lines are not kept', async () => {
    const { log, follow } = await held();
    await log(...Array.from({ length: 1_100 }, (_, i) => String(i)));
    const stream = await follow();
    expect((await stream.message('log')).data).toMatchObject({ dropped: 100 });
    await log(...Array.from({ length: 1_050 }, (_, i) => String(i)));
    const messages = await until(() => {
      const logs = stream.messages.filter(({ type }) => type === 'log');
      return logs.length === 2 && logs;
    }, 'two messages');
    expect(messages[1]?.data).toMatchObject({ dropped: 50 });
    stream.close();
  });

  it('is the only one: a line is no event of the queue', async () => {
    const { queue, log, follow } = await held();
    const events = await redis.client.xlen(queueKeys('mr', queue).events);
    const [own, all] = await Promise.all([follow(), openStream(api.origin, `/queues/${queue}/events`)]);
    await log('a');
    await untilLines(own, 1);
    expect(await redis.client.xlen(queueKeys('mr', queue).events)).toBe(events);
    expect(typesIn(all.messages)).toEqual([]);
    own.close();
    all.close();
  });

  it('has lines of JSON, too', async () => {
    const { log, follow } = await held();
    const stream = await follow({ accept: 'application/x-ndjson' });
    await log('a');
    const line = await until(
      () => stream.text.split('\n').find((text) => text.includes('"type":"log"')),
      'a line of the log',
    );
    expect(JSON.parse(line)).toMatchObject({ type: 'log', lines: [{ message: 'a' }] });
    stream.close();
  });
});
