import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Network } from '../../../src/tasks/http/network.ts';
import { sendRequest } from '../../../src/tasks/http/request.ts';
import { network, never, serve } from './site.ts';

describe('sendRequest', () => {
  it('returns status, headers, body and URL', async () => {
    const site = await serve((_, response) => {
      response.setHeader('set-cookie', ['a=1', 'b=2']).setHeader('x-a', 'b').end('größe');
    });
    const answer = await sendRequest({ url: site.url('/x?y=1#z') }, never, network());
    expect(answer).toMatchObject({ status: 200, body: 'größe', encoding: 'utf8', truncated: false });
    expect(answer.headers).toMatchObject({ 'x-a': 'b', 'set-cookie': ['a=1', 'b=2'] });
    expect(site.requests[0]).toMatchObject({ method: 'GET', url: '/x?y=1' });
    expect(site.requests[0]?.headers).toMatchObject({
      host: `site.test:${site.port}`,
      'accept-encoding': 'identity',
      'user-agent': 'millrace',
    });
  });

  it('sends method, headers and body', async () => {
    const site = await serve((request, response) => void request.pipe(response));
    const input = {
      url: site.url(),
      method: 'PUT',
      headers: { 'X-Key': 'k', Accept: 'text/x' },
      body: 'hé',
    } as const;
    expect(await sendRequest(input, never, network())).toMatchObject({ body: 'hé' });
    expect(site.requests[0]).toMatchObject({
      method: 'PUT',
      headers: { 'x-key': 'k', accept: 'text/x', 'content-length': '3' },
    });
  });

  it.each([404, 418, 304])('returns status %i as a result', async (status) => {
    const site = await serve((_, response) => void response.writeHead(status).end());
    expect(await sendRequest({ url: site.url() }, never, network())).toMatchObject({ status, body: '' });
  });

  it('returns bytes that are not text, such as compressed ones, as base64', async () => {
    const bytes = gzipSync('x'.repeat(1_000_000));
    const site = await serve((_, response) => {
      response.setHeader('content-encoding', 'gzip').end(bytes);
    });
    const answer = await sendRequest({ url: site.url() }, never, network());
    expect(answer).toMatchObject({ encoding: 'base64', body: bytes.toString('base64'), truncated: false });
  });

  it('reads at most maxBytes of the body, and ends an endless one', async () => {
    const site = await serve((_, response) => {
      const pour = () => {
        while (response.write('x'.repeat(10_000)));
      };
      response.on('drain', pour);
      pour();
    });
    const answer = await sendRequest({ url: site.url(), maxBytes: 15_000 }, never, network());
    expect([answer.truncated, answer.body.length]).toEqual([true, 15_000]);
  });

  it('truncates text between characters', async () => {
    const site = await serve((_, response) => void response.end('aéé'));
    const request = { url: site.url(), maxBytes: 4 };
    expect(await sendRequest(request, never, network())).toMatchObject({
      body: 'aé',
      encoding: 'utf8',
      truncated: true,
    });
    expect(await sendRequest({ ...request, maxBytes: 5 }, never, network())).toMatchObject({
      body: 'aéé',
      truncated: false,
    });
  });

  it('refuses headers that belong to the connection', async () => {
    const names = ['Host', 'content-length', 'Connection', 'Transfer-Encoding', 'TE', 'Upgrade', 'Expect'];
    for (const name of [...names, 'Keep-Alive', 'Trailer', 'Proxy-Authorization', 'Proxy-Connection']) {
      const sent = sendRequest({ url: 'http://site.test/', headers: { [name]: 'x' } }, never, network());
      await expect(sent).rejects.toMatchObject({
        retryable: false,
        message: `The header ${name} may not be set`,
      });
    }
  });

  it.each(['GET', 'HEAD'] as const)('refuses a body with %s', async (method) => {
    const sent = sendRequest({ url: 'http://site.test/', method, body: 'x' }, never, network());
    await expect(sent).rejects.toMatchObject({ retryable: false });
  });

  it('ends after its timeout, whatever the server does', async () => {
    const silent = await serve(() => {});
    const halting = await serve((_, response) => void response.write('x'));
    for (const { url } of [silent, halting]) {
      const error = await sendRequest({ url: url(), timeoutMs: 50 }, never, network()).catch(
        (e: unknown) => e,
      );
      expect(error).toMatchObject({ message: expect.stringContaining('did not complete within 50 ms') });
      expect(error).not.toHaveProperty('retryable');
    }
  });

  it('does not wait longer for a silent name server', async () => {
    const silent: Network = { ...network(), resolve: () => new Promise(() => {}) };
    await expect(sendRequest({ url: 'http://site.test/', timeoutMs: 50 }, never, silent)).rejects.toThrow(
      '50 ms',
    );
  });

  it('rejects with the reason of the signal and closes the connection', async () => {
    const site = await serve((request) => {
      request.socket.once('close', () => closed.abort());
      arrived.abort();
    });
    const [arrived, closed, controller] = [
      new AbortController(),
      new AbortController(),
      new AbortController(),
    ];
    const reason = new Error('cancelled');
    const sent = sendRequest({ url: site.url() }, controller.signal, network());
    const rejected = expect(sent).rejects.toBe(reason);
    if (!arrived.signal.aborted) await once(arrived.signal, 'abort');
    controller.abort(reason);
    await rejected;
    if (!closed.signal.aborted) await once(closed.signal, 'abort');
  });

  it('sends nothing when the signal has already fired', async () => {
    const site = await serve((_, response) => void response.end());
    const signal = AbortSignal.abort('cancelled');
    await expect(sendRequest({ url: site.url() }, signal, network())).rejects.toBe('cancelled');
    expect(site.requests).toEqual([]);
  });

  it('rejects with a retryable error when the exchange breaks', async () => {
    const site = await serve((request) => void request.socket.destroy());
    const error = await sendRequest({ url: site.url() }, never, network()).catch((e: unknown) => e);
    expect(error).toMatchObject({ message: expect.stringContaining('GET http://site.test') });
    expect(error).not.toHaveProperty('retryable');
  });

  it('rejects with a retryable error for an unknown name', async () => {
    const unknown: Network = {
      ...network(),
      resolve: () => Promise.reject(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })),
    };
    const error = await sendRequest({ url: 'http://no.test/' }, never, unknown).catch((e: unknown) => e);
    expect(error).toMatchObject({ message: 'GET http://no.test failed: getaddrinfo ENOTFOUND' });
    expect(error).not.toHaveProperty('retryable');
  });

  it('names the fault when no address answers', async () => {
    const { port } = await serve(() => {});
    const names = { ...network({ 'two.test': [['127.0.0.2', '127.0.0.3']] }), refusal: () => undefined };
    const sent = sendRequest({ url: `http://two.test:${port}/` }, never, names);
    await expect(sent).rejects.toThrow(/two\.test:\d+ failed: ECONNREFUSED$/);
  });

  it('refuses a header that cannot be sent', async () => {
    const sent = sendRequest({ url: 'http://site.test/', headers: { a: 'x\r\nb: y' } }, never, network());
    await expect(sent).rejects.toMatchObject({ name: 'RequestRefused', retryable: false });
  });

  it('leaves no timer behind', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    await expect(sendRequest({ url: 'http://127.0.0.2/' }, never, network())).rejects.toThrow();
    expect(timers()).toBe(before);
  });
});
