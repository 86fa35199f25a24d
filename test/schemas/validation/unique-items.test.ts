import { describe, expect, it } from 'vitest';
import { compileSchema } from '../../../src/schemas/validation/compile.ts';

const compiled = compileSchema({ type: 'array', uniqueItems: true });
const faultsOf = (value: unknown) => (compiled.ok ? compiled.check(value) : undefined);

describe('uniqueItems', () => {
  it.each([
    [[1, '1', true, 'true', null, 'null', [], {}, [1], { a: 1 }]],
    [
      [
        { a: 1, b: 2 },
        { a: 2, b: 1 },
      ],
    ],
    [['__proto__', 'constructor']],
    [[]],
  ])('takes different items: %j', (value) => {
    expect(faultsOf(value)).toEqual([]);
  });

  it.each([
    [[1, 2, 1], 'must NOT have duplicate items (items ## 0 and 2 are identical)'],
    [
      [
        { a: 1, b: [2] },
        { b: [2], a: 1 },
      ],
      'must NOT have duplicate items (items ## 0 and 1 are identical)',
    ],
    [[0, -0], 'must NOT have duplicate items (items ## 0 and 1 are identical)'],
  ])('finds equal ones: %j', (value, detail) => {
    expect(faultsOf(value)).toEqual([{ pointer: '', detail }]);
  });

  it('may be false', () => {
    const other = compileSchema({ uniqueItems: false });
    expect(other.ok && other.check([1, 1])).toEqual([]);
  });

  it('looks at each item once', () => {
    let looks = 0;
    const get = () => {
      looks += 1;
      return looks;
    };
    const item = () => Object.defineProperty({}, 'n', { enumerable: true, get });
    expect(faultsOf(Array.from({ length: 4_000 }, item))).toEqual([]);
    expect(looks).toBe(4_000);
  });
});
