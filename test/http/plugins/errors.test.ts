import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { errorsPlugin, problemItem } from '../../../src/http/plugins/errors.ts';
import { PROBLEMS } from '../../../src/http/problems/problems.ts';
import { NO_OBSERVER } from '../../../src/observer.ts';

let app: FastifyInstance;
let thrown: unknown;

beforeAll(async () => {
  app = Fastify();
  await app.register(errorsPlugin, { observe: NO_OBSERVER });
  app.get('/fails', async () => {
    throw thrown;
  });
  app.get('/item', async (request) => problemItem(thrown as AppError, request));
});
afterAll(() => app.close());

const answerTo = async (error: unknown, url = '/fails') => {
  thrown = error;
  return app.inject({ method: 'GET', url });
};

describe('errorsPlugin', () => {
  it('answers an AppError with problem details', async () => {
    const errors = [{ pointer: '/task', detail: 'is required' }];
    const extensions = { knownTasks: ['a'] };
    const error = new AppError('unknown-task', 'Use another task.', { errors, extensions });
    const answer = await answerTo(error, '/fails?x=1');
    expect(answer.statusCode).toBe(422);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.json()).toEqual({
      type: '/problems/unknown-task',
      title: PROBLEMS['unknown-task'].title,
      status: 422,
      detail: 'Use another task.',
      instance: '/fails',
      code: 'unknown-task',
      requestId: expect.any(String),
      errors,
      ...extensions,
    });
  });

  it.each(['queue-full', 'redis-unavailable', 'too-many-waiters'] as const)(
    'adds Retry-After to %s',
    async (code) => {
      expect((await answerTo(new AppError(code, 'Wait.'))).headers['retry-after']).toBe('1');
    },
  );

  it('answers an unexpected error as internal-error, without its text', async () => {
    const answer = await answerTo(new TypeError('secret'));
    expect(answer.json()).toMatchObject({ status: 500, code: 'internal-error' });
    expect(answer.body).not.toContain('secret');
    expect(answer.headers['retry-after']).toBeUndefined();
  });

  it('answers errors of Redis as redis-unavailable', async () => {
    const error = Object.assign(new Error('OOM command not allowed'), { name: 'ReplyError' });
    expect((await answerTo(error)).json()).toMatchObject({ status: 503, code: 'redis-unavailable' });
  });

  it('makes the problem of one item of a response', async () => {
    const { body } = await answerTo(new AppError('job-gone', 'Gone.'), '/item');
    expect(JSON.parse(body)).toMatchObject({ status: 410, problem: { code: 'job-gone', status: 410 } });
  });
});

describe('PROBLEMS', () => {
  it.each(Object.entries(PROBLEMS))('has a short title without a full stop for %s', (_code, { title }) => {
    expect(title).toMatch(/^[A-Z][^.]{5,60}$/);
  });
});
