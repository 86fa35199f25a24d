import { describe, expect, it } from 'vitest';
import { patternCost } from '../../../../src/schemas/validation/patterns/pattern-cost.ts';

describe('the cost of a pattern', () => {
  it.each([
    '^[a-z0-9]+(-[a-z0-9]+)*$',
    '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$',
    '^\\d{4}-\\d{2}-\\d{2}$',
    '^(a|b)*c$',
    '^(GET|PUT|POST|PATCH)$',
    '^https?://[^/]+/',
    '^\\+?[1-9]\\d{1,14}$',
    '^v(0|[1-9]\\d*)\\.(0|[1-9]\\d*)$',
    '^[^\\s@]+@[^\\s@]+$',
    '^\\u{1F600}?x$',
    '^.{8,}$',
    'literal',
    '^$',
  ])('grows with the text: %s', (pattern) => {
    expect(patternCost(pattern)).toMatchObject({ degree: 1 });
  });

  it.each([
    ['^[a-z.-]+@[a-z.-]+\\.[a-z]{2,}$', 2],
    ['\\d+x', 2],
    ['[^@]+@[^@]+\\.[^@]+', 3],
    ['^a*a*a*b$', 3],
    ['^(?=.*[A-Z])(?=.*\\d).{8,}$', 2],
    ['^.*foo.*$', 2],
    // Each look is weighed once, however often it is written out.
    [`${'(?=(a'.repeat(8)}${'b){60})'.repeat(8)}`, 9],
  ])('grows faster: %s', (pattern, degree) => {
    expect(patternCost(pattern)).toMatchObject({ degree });
  });

  it.each([
    '^(a+)+$',
    '^(a*)*$',
    '^(a|a)*$',
    '^(a|ab|b)*$',
    '(x+x+)+y',
    '^(\\w+\\s?)+$',
    '^([a-z]+)*$',
    '^(a?){30}a{30}$',
    '^((a|b)*c*)*d$',
    '^(.*,)*x$',
    '(a)\\1',
    '^(?:(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a))$',
    '^(a|b|)(a|b|)*$',
    '^\\p{L}*(\\w|\\p{L})*$',
    '(\\b)*',
    '(?:)+',
    '(?:$){1000000000}',
    '(a?b?c?d?e?f?g?h?){7}',
    'a'.repeat(1_000),
    '('.repeat(200) + ')'.repeat(200),
  ])('is unknown, since the ways through it may double: %s', (pattern) => {
    expect(patternCost(pattern)).toBeUndefined();
  });
});
