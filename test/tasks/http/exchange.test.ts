import { describe, expect, it } from 'vitest';
import { sendHop } from '../../../src/tasks/http/exchange.ts';
import { network, never, serve } from './site.ts';

const get = (url: string, maxBytes = 100) =>
  sendHop(
    { url: new URL(url), method: 'GET', headers: {}, body: undefined },
    maxBytes,
    never,
    network({ 'private.test': [['10.0.0.1']] }),
  );

describe('one exchange', () => {
  it('gives the response, whatever its status', async () => {
    const site = await serve((_, response) => void response.writeHead(503).end('busy'));
    expect(await get(site.url())).toMatchObject({
      kind: 'response',
      response: { status: 503, body: 'busy', encoding: 'utf8', truncated: false },
    });
  });

  it('gives a redirect without following it', async () => {
    const site = await serve((_, response) => void response.writeHead(307, { location: '/there' }).end());
    expect(await get(site.url())).toEqual({ kind: 'redirect', status: 307, location: '/there' });
    expect(site.requests).toHaveLength(1);
  });

  it('truncates a long body, without half a character', async () => {
    const site = await serve((_, response) => void response.end('aäää'));
    expect(await get(site.url(), 4)).toMatchObject({
      response: { body: 'aä', encoding: 'utf8', truncated: true },
    });
  });

  it('gives a body that is not UTF-8 as base64', async () => {
    const site = await serve((_, response) => void response.end(Buffer.from([0xff, 0xfe])));
    expect(await get(site.url())).toMatchObject({ response: { body: '//4=', encoding: 'base64' } });
  });

  it('refuses a host at a private address', async () => {
    await expect(get('http://private.test/')).rejects.toMatchObject({ name: 'RequestRefused' });
  });
});
