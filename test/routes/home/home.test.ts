import { describe, expect, it } from 'vitest';
import { Home } from '../../../src/schemas/home.ts';
import { VERSION } from '../../../src/version.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { send } from '../../helpers/api/send.ts';
import { startApi, useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

/** What Firefox sends. */
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

const home = (accept?: string, method = 'GET') =>
  send(api.origin, { method, path: '/', headers: accept === undefined ? {} : { accept } });

describe('GET /', () => {
  it.each([undefined, '', '*/*', 'application/json', 'application/*;q=0.9, text/html;q=0.1'])(
    'answers in JSON for Accept %j',
    async (accept) => {
      const { status, headers, body } = await home(accept);
      expect(status).toBe(200);
      expect(headers['content-type']).toMatch(/^application\/json/);
      expect(headers['vary']).toBe('accept');
      expectShape(Home, body);
      expect(body).toMatchObject({ name: 'Millrace', version: VERSION });
    },
  );

  it.each([BROWSER, 'text/html', 'text/*'])('sends who wants %j to the dashboard', async (accept) => {
    const { status, headers } = await home(accept);
    expect(status).toBe(302);
    expect(headers['location']).toBe('ui/');
    expect(headers['vary']).toBe('accept');
  });

  it('has links that work with and without the path prefix of a proxy', async () => {
    const { links } = (await home()).body as Home;
    for (const href of Object.values(links)) {
      expect(new URL(href, 'http://proxy/prefix/').pathname).toBe(`/prefix/${href}`);
      expect([href, (await api.http.get(new URL(href, `${api.origin}/`).pathname)).status]).toEqual([
        href,
        200,
      ]);
    }
  });

  it('answers 406 for other media types', async () => {
    const answer = await home('application/xml, text/html;q=0');
    expectProblem(answer, 406, 'not-acceptable');
    expect(answer.body.detail).toContain('application/json or text/html');
    expect(answer.headers['vary']).toBe('accept');
  });

  it.each([undefined, BROWSER])('answers HEAD with the headers alone for Accept %j', async (accept) => {
    const { status, headers } = await home(accept);
    const answer = await home(accept, 'HEAD');
    expect(answer).toMatchObject({ status, text: '' });
    for (const name of ['content-type', 'content-length', 'vary', 'location']) {
      expect(answer.headers[name], name).toBe(headers[name]);
    }
  });

  it('works without Redis', async () => {
    // Port 1 is never a Redis.
    const { app, origin } = await startApi('redis://127.0.0.1:1');
    try {
      const statusOf = async (path: string) => (await send(origin, { method: 'GET', path })).status;
      expect(await statusOf('/queues')).toBe(503);
      expect(await statusOf('/')).toBe(200);
    } finally {
      await app.close();
    }
  });
});
