import { expect, it } from 'vitest';
import { requestHeaders, shareableHeaders, withoutContentHeaders } from '../../../src/tasks/http/headers.ts';

it('the headers of a request are the given ones in lower case, over the defaults', () => {
  expect(requestHeaders({ Accept: 'text/x', 'X-Key': 'k' })).toEqual({
    accept: 'text/x',
    'accept-encoding': 'identity',
    'user-agent': 'millrace',
    'x-key': 'k',
  });
});

it.each(['Host', 'content-length', 'Transfer-Encoding', 'Connection', 'Proxy-Authorization', 'TE'])(
  'the header %s is refused, because it belongs to the transport',
  (name) => {
    expect(() => requestHeaders({ [name]: 'x' })).toThrow(
      expect.objectContaining({ name: 'RequestRefused', message: `The header ${name} may not be set` }),
    );
  },
);

it('another origin receives no header that may hold a credential', () => {
  const headers = requestHeaders({
    authorization: 'x',
    cookie: 'x',
    'x-api-key': 'x',
    'content-type': 'a/b',
  });
  expect(Object.keys(shareableHeaders(headers)).sort()).toEqual([
    'accept',
    'accept-encoding',
    'content-type',
    'user-agent',
  ]);
});

it('a request is part of the trace of its job, unless it names its own', () => {
  const trace = { traceparent: 'p', tracestate: 's' };
  expect(requestHeaders({ accept: 'x' }, trace)).toMatchObject(trace);
  expect(requestHeaders({ Traceparent: 'own' }, trace)).toMatchObject({ traceparent: 'own' });
  expect(requestHeaders({ Traceparent: 'own' }, trace)).not.toHaveProperty('tracestate');
  expect(requestHeaders({ tracestate: 'own' }, trace)).not.toHaveProperty('traceparent');
  expect(shareableHeaders(requestHeaders({}, trace))).not.toHaveProperty('traceparent');
});

it('a request that has lost its body has no content headers', () => {
  expect(withoutContentHeaders({ 'content-type': 'a/b', 'content-language': 'de', accept: '*/*' })).toEqual({
    accept: '*/*',
  });
});
