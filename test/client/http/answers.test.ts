import { describe, expect, it } from 'vitest';
import { answerOf, errorOf, messageOf, redirectOf, retryAfterOf } from '../../../src/client/http/answers.ts';
import { ANSWERS } from '../../../src/client/types/api.generated.ts';

describe('errorOf', () => {
  it('names each fault of the request in its message', () => {
    const problem = {
      code: 'invalid-request',
      detail: 'Fix the fields listed in errors.',
      errors: [{ pointer: '/task', detail: 'is required' }],
    };
    const error = errorOf(400, JSON.stringify(problem));
    expect(error.message).toBe('Fix the fields listed in errors.\n  /task: is required');
    expect(error).toMatchObject({ status: 400, code: 'invalid-request', detail: problem.detail });
  });

  it('quotes the beginning of an answer that is not ours', () => {
    const error = errorOf(502, `<html>${'x'.repeat(1_000)}`, 2);
    expect(error).toMatchObject({ status: 502, code: 'no-problem', retryAfter: 2 });
    expect(error.message.length).toBeLessThan(400);
  });

  it('quotes an answer that only looks like a problem', () => {
    const other = JSON.stringify({ code: 1, detail: 'x', errors: {} });
    expect(errorOf(400, other)).toMatchObject({ code: 'no-problem' });
    const wrong = JSON.stringify({ code: 'x', detail: 'x', errors: {} });
    expect(errorOf(400, wrong)).toMatchObject({ code: 'no-problem' });
  });
});

const operations = Object.entries(ANSWERS).map(([operation, marks]): [string, string[]] => [
  operation,
  marks.split('|'),
]);

describe('answerOf', () => {
  it.each(operations)('%s has an answer that is known, and no other', (operation, alternatives) => {
    const [method = '', template = ''] = operation.split(' ');
    const path = `${template.replace(/\{\w+\}/g, 'a%2Fb')}?limit=1`;
    for (const marks of alternatives) {
      const members = marks.split(' ').map((name) => [name, /^(items|events)$/.test(name) ? [] : 'x']);
      const body = marks === '' ? undefined : Object.fromEntries(members);
      expect(answerOf(method, path, 200, JSON.stringify(body) ?? '')).toEqual(body);
    }
    const others = ['{"ok":true}', 'null', '[]', '7', '{"items":null,"id":null}', '{"items":{}}'];
    for (const text of alternatives.includes('') ? others : ['', ...others]) {
      expect(() => answerOf(method, path, 200, text), text).toThrow(
        `The answer to ${operation.split(' ')[0]} /`,
      );
    }
  });

  it('takes any JSON from a request that the API document does not have', () => {
    expect(answerOf('GET', '/openapi.json', 200, '[1]')).toEqual([1]);
    expect(() => answerOf('GET', '/metrics', 200, '# HELP')).toThrow('The answer is not JSON');
  });

  it('has the status of the answer in its error', () => {
    expect(() => answerOf('GET', '/jobs', 200, '{}')).toThrow(
      expect.objectContaining({ code: 'not-millrace', status: 200 }),
    );
  });
});

it.each(['', 'null', '7', '{'])('messageOf refuses %j', (data) => {
  expect(() => messageOf(data)).toThrow('A message of the stream is not one of Millrace');
});

describe('redirectOf', () => {
  const asked = 'http://old.test/base/jobs?wait=1';
  const told = (location?: string) =>
    redirectOf(
      new Response('', { status: 308, headers: location === undefined ? {} : { location } }),
      asked,
      '/jobs?wait=1',
    )?.message;

  it('names the address of the service behind the redirect', () => {
    expect(told('https://new.test/base/jobs?wait=1')).toBe(
      `${asked} redirects to https://new.test/base/jobs?wait=1. Use the address https://new.test/base instead.`,
    );
    expect(told('/other/jobs?wait=1')).toContain('Use the address http://old.test/other instead.');
  });

  it('names where it leads when it leads to something else, or nowhere', () => {
    expect(told('https://login.test/?next=x')).toContain(
      'redirects to https://login.test/?next=x. Use the address of the service itself.',
    );
    expect(told()).toBe(`${asked} redirects. Use the address of the service itself.`);
    expect(told('http://[')).toBe(`${asked} redirects. Use the address of the service itself.`);
  });

  it.each([200, 304, 404])('is for redirects only, not for %i', (status) => {
    expect(redirectOf(new Response(null, { status }), asked, '/jobs')).toBeUndefined();
  });
});

it.each([
  ['3', 3],
  ['', undefined],
  ['soon', undefined],
  ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
])('retryAfterOf(%j) is %j', (text, seconds) => {
  expect(retryAfterOf(new Headers({ 'retry-after': text }))).toBe(seconds);
});
