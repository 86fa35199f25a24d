import { expect, it } from 'vitest';
import { Millrace } from '../../../src/client/index.ts';
import { json, type Reply, useStubService } from '../http/stub-service.ts';

const stub = useStubService();

const frame = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
const log = (...lines: number[]) =>
  frame('log', { type: 'log', dropped: 0, lines: lines.map((line) => ({ line, message: `line ${line}` })) });
const stream =
  (...frames: string[]): Reply =>
  (response) =>
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(frames.join(''));

it('gives each line of a log once, though lines come again after a cut, and ends with the job', async () => {
  const end = { type: 'completed', id: '9-0', snapshot: { id: 'default~n1-0', status: 'completed' } };
  const job = { id: 'default~n1-0', status: 'running' };
  stub.reply(
    json(200, job),
    stream(`id: 1-0\n${frame('job', job)}`, log(1, 2)),
    stream(log(1, 2), log(2, 3)),
    stream(frame('completed', end)),
  );
  const messages: unknown[] = [];
  for await (const message of (await new Millrace({ url: stub.origin }).get('default~n1-0')).events()) {
    messages.push(message.type === 'log' ? message.lines.map(({ line }) => line) : message.type);
  }
  expect(messages).toEqual(['job', [1, 2], [3], 'completed']);
});

it('ends when the service says that there is no more', async () => {
  const job = { id: 'default~n1-0', status: 'running' };
  stub.reply(json(200, job), (response) => response.writeHead(204).end());
  const events = (await new Millrace({ url: stub.origin }).get('default~n1-0')).events();
  expect(await events.next()).toEqual({ done: true, value: undefined });
});
