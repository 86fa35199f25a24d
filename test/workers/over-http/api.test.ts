import { expect, it } from 'vitest';
import { Api } from '../../../workers/over-http/api.ts';
import { json, type Reply, useStubService } from '../../client/http/stub-service.ts';

const stub = useStubService();

const redirect: Reply = (response, { url }) =>
  response.writeHead(302, { location: `https://elsewhere.test${url}` }).end('<html>');

it('follows no redirect, which would turn a POST into a GET, and names the other address', async () => {
  stub.reply(redirect);
  await expect(new Api(stub.origin, '').send('POST', '/leases', '{}')).rejects.toMatchObject({
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
  const sent = new Api(stub.origin, '').persist('POST', '/jobs/a/complete', '{}', over, (error) =>
    troubles.push(error),
  );
  expect(await sent).toMatchObject({ status: 'completed' });
  expect(troubles).toHaveLength(1);
});
