import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { sendRequest } from '../../../src/tasks/http/request.ts';
import { network, never, serve } from './site.ts';

const refused = { name: 'RequestRefused', retryable: false };

const redirect =
  (location: string, status = 302): RequestListener =>
  (request, response) => {
    if (request.url === '/') response.writeHead(status, { location }).end();
    else request.pipe(response);
  };

describe('sendRequest follows', () => {
  it('a redirect, and returns the URL of the response', async () => {
    const site = await serve(redirect('/there'));
    const answer = await sendRequest({ url: site.url() }, never, network());
    expect(answer).toMatchObject({ status: 200, url: site.url('/there') });
  });

  it('five redirects, not six', async () => {
    const site = await serve((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end('done');
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    expect(await sendRequest({ url: site.url('/5') }, never, network())).toMatchObject({ body: 'done' });
    const sixth = sendRequest({ url: site.url('/6') }, never, network());
    await expect(sixth).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('more than 5'),
    });
    expect(site.requests).toHaveLength(12);
  });

  it.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [302, 'PUT', 'PUT', 'body'],
    [303, 'PUT', 'GET', ''],
    [307, 'POST', 'POST', 'body'],
    [308, 'POST', 'POST', 'body'],
  ] as const)('%i after %s with %s and body "%s"', async (status, method, then, body) => {
    const site = await serve(redirect('/there', status));
    const input = { url: site.url(), method, body: 'body', headers: { 'content-type': 'text/plain' } };
    expect(await sendRequest(input, never, network())).toMatchObject({ body });
    expect(site.requests[1]?.method).toBe(then);
    expect(site.requests[1]?.headers['content-type']).toBe(body === '' ? undefined : 'text/plain');
  });

  it('HEAD with HEAD', async () => {
    const site = await serve(redirect('/there', 303));
    await sendRequest({ url: site.url(), method: 'HEAD' }, never, network());
    expect(site.requests.map(({ method }) => method)).toEqual(['HEAD', 'HEAD']);
  });

  it('no redirect that has no location', async () => {
    const site = await serve((_, response) => void response.writeHead(302).end('lost'));
    expect(await sendRequest({ url: site.url() }, never, network())).toMatchObject({
      status: 302,
      body: 'lost',
    });
  });
});

describe('sendRequest keeps credentials', () => {
  const headers = { Authorization: 'Bearer x', Cookie: 'a=1', 'X-Api-Key': 'k', 'Accept-Language': 'de' };

  it('within an origin', async () => {
    const site = await serve(redirect('/there'));
    await sendRequest({ url: site.url(), headers }, never, network());
    expect(site.requests[1]?.headers).toMatchObject({
      authorization: 'Bearer x',
      cookie: 'a=1',
      'x-api-key': 'k',
    });
  });

  it('from every other origin, also after a redirect back', async () => {
    const other = await serve((_, response) => void response.writeHead(302, { location: back }).end());
    const site = await serve(redirect(other.url('/', 'other.test')));
    const back = site.url('/back');
    await sendRequest({ url: site.url(), headers }, never, network());
    for (const seen of [other.requests[0]?.headers, site.requests[1]?.headers]) {
      expect(seen).toMatchObject({ 'accept-language': 'de', 'user-agent': 'millrace' });
      expect(Object.keys(seen ?? {})).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/^(authorization|cookie|x-api-key)$/)]),
      );
    }
  });
});

describe('sendRequest refuses a redirect', () => {
  it.each([
    'http://127.0.0.2/',
    'http://0x7f.2/',
    'http://[::1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://2130706434/',
    'http://127.0.0.2.:80/',
    '//169.254.169.254/latest/',
    '\\\\127.0.0.2\\x',
    'gopher://site.test/',
    'http://169.254.169.254/latest/',
    'http://inside.test/',
    '//inside.test/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'http://user:secret@site.test/',
    'http://',
  ])('to %s', async (location) => {
    const site = await serve(redirect(location));
    const sent = sendRequest({ url: site.url() }, never, network({ 'inside.test': [['10.0.0.1']] }));
    await expect(sent).rejects.toMatchObject(refused);
    expect(site.requests).toHaveLength(1);
  });

  it('without reading its body', async () => {
    const site = await serve((_, response) => {
      response.writeHead(302, { location: 'http://127.0.0.2/' });
      const pour = () => {
        while (response.write('x'.repeat(10_000)));
      };
      response.on('drain', pour);
      pour();
    });
    await expect(sendRequest({ url: site.url() }, never, network())).rejects.toMatchObject(refused);
  });
});
