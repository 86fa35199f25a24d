import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrphanReaper, type OrphanReaper } from '../../src/orphan-reaper.ts';
import { startApi } from '../helpers/api/server.ts';
import { parseAnswers, requestText, type WireAnswer } from '../helpers/api/wire.ts';
import { until, useRedis } from '../helpers/redis/server.ts';
import { type ApiProcess, startApiProcess } from '../helpers/workers/built-processes.ts';

/** Longer than the test: an API that waits for it has not stopped by itself, and leaves with 1. */
const GRACE_MS = 60_000;
const JOB = requestText(
  'POST',
  '/jobs',
  { connection: 'keep-alive', 'content-type': 'application/json' },
  `{"task":"echo","payload":"${'x'.repeat(2_000)}"}`,
);
const IN_HEAD = 40;
const IN_BODY = JOB.length - 1_000;

const redis = useRedis();
let reaper: OrphanReaper;
beforeAll(() => {
  reaper = createOrphanReaper();
});
afterAll(() => reaper.end());

/** A connection of a client, which notes what it gets. */
class Client {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  received = '';

  constructor({ port }: Pick<ApiProcess, 'port'>) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk) => {
      this.received += chunk;
    });
    this.socket.on('error', () => undefined);
    this.closed = once(this.socket, 'close');
  }

  send(text: string): void {
    this.socket.write(text);
  }

  async answers(count: number): Promise<WireAnswer[]> {
    return until(() => {
      const answers = parseAnswers(this.received);
      return answers.length >= count && answers;
    }, `${count} answers`);
  }
}

const outcome = (answer: WireAnswer | undefined) => [answer?.status, answer?.headers.get('connection')];

describe('an API that is stopped', () => {
  it('answers what has begun to arrive, closes each connection with its answer, and leaves with 0', async () => {
    const api = await startApiProcess(redis.url, reaper, { SHUTDOWN_GRACE_MS: String(GRACE_MS) });
    const waiting = new Client(api);
    waiting.send(JOB.replace('/jobs', '/jobs?wait=60'));
    const halves = [IN_HEAD, IN_BODY].flatMap((at) => [
      { at, client: new Client(api), earlier: 0 },
      { at, client: new Client(api), earlier: 1 },
    ]);
    for (const { client, earlier } of halves) client.send(JOB.repeat(earlier));
    for (const { client, earlier } of halves) await client.answers(earlier);
    for (const { client, at } of halves) client.send(JOB.slice(0, at));
    const silent = new Client(api);
    const unfinished = new Client(api);
    unfinished.send(JOB.slice(0, IN_HEAD));
    // The API has read all of it when it answers what came later.
    const last = new Client(api);
    last.send(JOB);
    await last.answers(1);

    api.child.signal('SIGTERM');
    expect(outcome((await waiting.answers(1))[0])).toEqual([202, 'close']);
    for (const { client, at } of halves) client.send(JOB.slice(at));
    for (const { client, earlier } of halves)
      expect(outcome((await client.answers(earlier + 1))[earlier])).toEqual([202, 'close']);
    expect(outcome((await unfinished.answers(1))[0])).toEqual([408, 'close']);
    for (const { closed } of [waiting, silent, unfinished, last, ...halves.map(({ client }) => client)])
      await closed;
    expect(await api.child.exited).toEqual({ code: 0, signal: null });
  });

  it('answers requests that are on their way on kept connections', async () => {
    // In this process, so that the stop and the requests share one event loop.
    const { app, origin } = await startApi(redis.url, { SHUTDOWN_GRACE_MS: String(GRACE_MS) });
    const clients = Array.from({ length: 50 }, () => new Client({ port: Number(new URL(origin).port) }));
    for (const client of clients) client.send(JOB);
    for (const client of clients) await client.answers(1);
    const stopped = app.close();
    await sleep(30);
    for (const client of clients) client.send(JOB);
    await Promise.all(clients.map(({ closed }) => closed));
    const second = ({ received }: Client) => outcome(parseAnswers(received)[1]);
    expect(clients.map(second)).toEqual(clients.map(() => [202, 'close']));
    await stopped;
  });

  it('answers all clients that have connected before, whether it has accepted them or not', async () => {
    const api = await startApiProcess(redis.url, reaper, { SHUTDOWN_GRACE_MS: String(GRACE_MS) });
    const clients = Array.from({ length: 200 }, () => new Client(api));
    await Promise.all(clients.map(({ socket }) => once(socket, 'connect')));
    for (const client of clients) client.send(JOB.slice(0, IN_BODY));
    api.child.signal('SIGTERM');
    for (const client of clients) client.send(JOB.slice(IN_BODY));
    await Promise.all(clients.map(({ closed }) => closed));
    expect(
      new Set(clients.flatMap(({ received }) => parseAnswers(received).map(({ status }) => status))),
    ).toEqual(new Set([202]));
    expect(clients.filter(({ received }) => received === '')).toEqual([]);
    expect(await api.child.exited).toEqual({ code: 0, signal: null });
  });
});
