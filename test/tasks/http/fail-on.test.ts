import { describe, expect, it } from 'vitest';
import { failureTest, StatusFailure } from '../../../src/tasks/http/fail-on.ts';
import { sendRequest } from '../../../src/tasks/http/request.ts';
import type { HttpRequest, HttpResponse } from '../../../src/tasks/http/schemas.ts';
import { network, never, serve } from './site.ts';

const STATUSES = [200, 204, 304, 400, 404, 428, 429, 430, 499, 500, 503, 599];

const failing = (failOn?: HttpRequest['failOn']) => STATUSES.filter(failureTest(failOn));

describe('the statuses that fail an attempt', () => {
  it('are 5xx and 429, if the payload does not say otherwise', () => {
    expect(failing()).toEqual([429, 500, 503, 599]);
  });

  it.each([
    [[], []],
    [
      ['5xx', 429, '400-499'],
      [400, 404, 428, 429, 430, 499, 500, 503, 599],
    ],
    [['2XX'], [200, 204]],
    [
      ['429', 503],
      [429, 503],
    ],
    [
      ['404-404', '428-430'],
      [404, 428, 429, 430],
    ],
  ])('are those of %j', (failOn, statuses) => {
    expect(failing(failOn)).toEqual(statuses);
  });

  it('cannot be a range without a status', async () => {
    const sent = sendRequest({ url: 'http://site.test/', failOn: ['499-400'] }, never, network());
    await expect(sent).rejects.toMatchObject({
      name: 'RequestRefused',
      retryable: false,
      message: 'failOn has the range 499-400, which holds no status',
    });
  });
});

describe('an answer that fails the attempt', () => {
  it('is an error with its status, its body, and the wait that the server asks for', async () => {
    const site = await serve((_, response) => {
      response.writeHead(503, { 'retry-after': '120' }).end('down until noon');
    });
    const sent = sendRequest({ url: site.url('/a'), method: 'POST' }, never, network());
    await expect(sent).rejects.toMatchObject({
      name: 'StatusFailure',
      message: `POST http://site.test:${site.port} answered 503 Service Unavailable`,
      data: { status: 503, url: site.url('/a'), body: 'down until noon', encoding: 'utf8' },
      retryInMs: 120_000,
    });
    await expect(sent).rejects.not.toHaveProperty('retryable');
    const taken = { url: site.url('/a'), failOn: [] };
    expect(await sendRequest(taken, never, network())).toMatchObject({ status: 503 });
  });

  it('is judged after redirects', async () => {
    const site = await serve((request, response) => {
      if (request.url === '/') response.writeHead(302, { location: '/end' }).end();
      else response.writeHead(429).end();
    });
    const sent = sendRequest({ url: site.url('/'), failOn: ['3xx', 429] }, never, network());
    await expect(sent).rejects.toMatchObject({ data: { status: 429, url: site.url('/end') } });
  });

  it('keeps the beginning of a long body, and cuts no character', () => {
    const { data } = new StatusFailure('GET', answer({}, `${'x'.repeat(1_999)}😀`));
    expect(data.body).toBe(`${'x'.repeat(1_999)}…`);
  });
});

describe('the wait before the next attempt', () => {
  const date = 'Sun, 06 Nov 1994 08:49:37 GMT';

  it.each([
    ['seconds', { 'retry-after': '7' }, 7_000],
    ['seconds beyond a day', { 'retry-after': '99999999999999999999' }, 86_400_000],
    ['the first of two headers', { 'retry-after': ['3', '4'] }, 3_000],
    ['a date', { date, 'retry-after': 'Sun, 06 Nov 1994 08:50:37 GMT' }, 60_000],
    ['a date as RFC 850 has it', { date, 'retry-after': 'Sunday, 06-Nov-94 08:49:47 GMT' }, 10_000],
    ['a date as asctime has it', { date, 'retry-after': 'Sun Nov  6 08:49:38 1994' }, 1_000],
    ['a date beyond a day', { date, 'retry-after': 'Sun, 06 Nov 2094 08:49:37 GMT' }, 86_400_000],
    [
      'a date far off, without the time of the server',
      { 'retry-after': 'Fri, 01 Jan 2100 00:00:00 GMT' },
      86_400_000,
    ],
  ])('is what Retry-After says: %s', (_, headers, ms) => {
    expect(new StatusFailure('GET', answer(headers))).toMatchObject({ retryInMs: ms });
  });

  it.each([
    ['nothing', {}],
    ['no wait', { 'retry-after': '0' }],
    ['a date that is past', { date, 'retry-after': 'Sun, 06 Nov 1994 08:49:37 GMT' }],
    ['no time', { 'retry-after': 'soon' }],
    ['a negative number', { 'retry-after': '-5' }],
    ['a fraction', { 'retry-after': '1.5' }],
    ['a date in no form of HTTP', { 'retry-after': '2100-01-01T00:00:00Z' }],
  ])('is that of the job where Retry-After says %s', (_, headers) => {
    expect(new StatusFailure('GET', answer(headers))).not.toHaveProperty('retryInMs');
  });
});

function answer(headers: HttpResponse['headers'], body = ''): HttpResponse {
  return { status: 503, url: 'http://site.test/', headers, body, encoding: 'utf8', truncated: false };
}
