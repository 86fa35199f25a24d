import { expect, it } from 'vitest';
import { ANNOUNCED, RENEWED, type ReadAnswer, SETTLED, TAKEN } from '../../../workers/over-http/answers.ts';
import { Api } from '../../../workers/over-http/api.ts';
import { json, type Reply, useStubService } from '../../client/http/stub-service.ts';

const stub = useStubService();

const redirect: Reply = (response, { url }) =>
  response.writeHead(302, { location: `https://elsewhere.test${url}` }).end('<html>');

it('follows no redirect, which would turn a POST into a GET, and names the other address', async () => {
  stub.reply(redirect);
  await expect(new Api(stub.origin, '').send('POST', '/leases', '{}', TAKEN)).rejects.toMatchObject({
    name: 'Refusal',
    status: 302,
    message:
      'The API answered 302: it redirects to https://elsewhere.test/leases. Set url to the address of the API there.',
  });
  expect(stub.requests.map(({ method }) => method)).toEqual(['POST']);
});

it('sends what must arrive again after a redirect, such as one to a page of maintenance', async () => {
  stub.reply(redirect, json(200, { id: 'a', status: 'completed' }));
  const troubles: unknown[] = [];
  const over = new AbortController().signal;
  const sent = new Api(stub.origin, '').persist('POST', '/jobs/a/complete', '{}', SETTLED, over, (error) =>
    troubles.push(error),
  );
  expect(await sent).toMatchObject({ status: 'completed' });
  expect(troubles).toHaveLength(1);
});

const job = { id: 'default~n1-0', queue: 'default', task: 'a', payload: 1, attempt: 1, maxAttempts: 5 };
const taken = { lease: 'l', jobs: [{ ...job, timeoutMs: 1, createdAt: '2026-01-31T12:00:00.000Z' }] };

const READS: [string, ReadAnswer<unknown>, object, object][] = [
  ['jobs', TAKEN, { ...taken, directive: 'of a later release', more: 1 }, { lease: 'l', jobs: [{ id: 5 }] }],
  ['a heartbeat', RENEWED, { cancel: [] }, { cancel: 'default~n1-0' }],
  ['an outcome', SETTLED, { id: job.id, status: 'completed' }, { id: job.id }],
  ['an announcement', ANNOUNCED, { name: 'a' }, { name: null }],
];

it.each(READS)('takes the answer of another program for none: %s', async (_, read, good, bad) => {
  const send = (reply: Reply) => {
    stub.reply(reply);
    return new Api(stub.origin, '').send('POST', '/leases', '{}', read);
  };
  await expect(send(json(200, good))).resolves.toEqual(good);
  for (const body of [bad, { ok: true }, {}, [], null, 'text', 0]) {
    await expect(send(json(200, body))).rejects.toMatchObject({
      name: 'Unanswered',
      message: expect.stringMatching(
        /gives no answer \(something else than Millrace has answered: in its JSON (\/\S+|the value) \w/,
      ),
    });
  }
  for (const text of ['', '<html>']) {
    await expect(send((response) => response.end(text))).rejects.toMatchObject({
      message: expect.stringContaining('something else than Millrace has answered: SyntaxError'),
    });
  }
});
