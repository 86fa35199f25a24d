import { expect } from 'vitest';
import { expectApart, expectTurns, type Reader } from './reader.ts';

/** What docs/how-to/limits.md promises of its recipes. */
export async function limitsHold(reader: Reader): Promise<void> {
  expectApart(await reader.ended('partner-api'), 25, 100);
  expectTurns(await reader.ended('invoices'), { ada: 3, bob: 1 });
  const rendered = await reader.ended('render');
  expect(rendered.map(({ result }) => result)).toEqual([{ text: 'v3' }]);
  expect(await reader.again('"queue":"reports"')).toMatch(/^job-cached: true/im);
  expect((await reader.stats('reports')).totals.submitted).toBe(1);
  expect(await reader.again('"queue":"imports"')).toMatch(/^job-deduplicated: true/im);
  expect((await reader.stats('imports')).totals.submitted).toBe(1);
}
