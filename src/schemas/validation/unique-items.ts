import type { FuncKeywordDefinition } from 'ajv';
import type { DataValidateFunction } from 'ajv/dist/types/index.js';
import { canonicalJson } from '../json/canonical.ts';

/**
 * `uniqueItems` in a time that grows with the length of the list. Ajv compares each object with all others: 8 million times
 * for 4,000 of them.
 */
export const UNIQUE_ITEMS: FuncKeywordDefinition = {
  keyword: 'uniqueItems',
  type: 'array',
  schemaType: 'boolean',
  compile: (isUnique: boolean) => (isUnique ? hasUniqueItems : () => true),
};

const hasUniqueItems: DataValidateFunction = (items: readonly unknown[]) => {
  const seen = new Map<string, number>();
  for (const [i, item] of items.entries()) {
    const text = canonicalJson(item, 'exact');
    const j = seen.get(text);
    if (j !== undefined) {
      const message = `must NOT have duplicate items (items ## ${j} and ${i} are identical)`;
      hasUniqueItems.errors = [{ keyword: 'uniqueItems', params: { i, j }, message }];
      return false;
    }
    seen.set(text, i);
  }
  return true;
};
