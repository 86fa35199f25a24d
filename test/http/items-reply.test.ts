import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { sendItems } from '../../src/http/items-reply.ts';

async function answer(items: readonly object[], more?: object) {
  const app = Fastify();
  app.get('/', (_request, reply) => sendItems(reply, items, (item) => JSON.stringify(item), more));
  return app.inject({ url: '/' });
}

it.each([
  ['no items', []],
  ['few items', [{ a: 1 }, { b: 'é' }]],
  [
    'items of some MB, which are sent in parts',
    Array.from({ length: 5_000 }, (_, i) => ({ i, a: 'é'.repeat(500) })),
  ],
])('the answer has an outcome for each item: %s', async (_name, items) => {
  const { statusCode, headers, body } = await answer(items);
  expect(statusCode).toBe(207);
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  expect(JSON.parse(body)).toEqual({ items });
  expect((await answer(items, { lease: 'x', jobs: [] })).json()).toEqual({ items, lease: 'x', jobs: [] });
});
