import { describe, expect, it } from 'vitest';
import { Millrace } from '../../../src/client/index.ts';
import { json, useStubService } from './stub-service.ts';

const stub = useStubService();
const listing = () => new Millrace({ url: stub.origin }).jobs({ tag: ['a', 'b'], limit: 2 });
const pages = [
  json(200, { items: [1, 2], nextCursor: 'c1' }),
  json(200, { items: [], nextCursor: 'c2' }),
  json(200, { items: [3] }),
];

describe('a listing', () => {
  it('gives the items of all pages, and asks for each page once', async () => {
    stub.reply(...pages);
    const items: unknown[] = [];
    for await (const item of listing()) items.push(item);
    expect(items).toEqual([1, 2, 3]);
    const query = 'tag=a&tag=b&limit=2';
    expect(stub.requests.map(({ url }) => url)).toEqual([
      `/jobs?${query}`,
      `/jobs?${query}&cursor=c1`,
      `/jobs?${query}&cursor=c2`,
    ]);
  });

  it('asks for no page that it does not need', async () => {
    stub.reply(...pages);
    expect(await listing().first(2)).toEqual([1, 2]);
    expect(stub.requests).toHaveLength(1);
  });
});
