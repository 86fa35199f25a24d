import { describe, expect, it } from 'vitest';
import { optionalBody } from '../../../src/http/request/optional-body.ts';

describe('optionalBody', () => {
  it.each([
    [undefined, {}],
    [null, {}],
    [false, false],
    [{ a: 1 }, { a: 1 }],
  ])('turns %j into %j', async (body, expected) => {
    const request: { body: unknown } = { body };
    await optionalBody(request);
    expect(request.body).toEqual(expected);
  });
});
