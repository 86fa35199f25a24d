import { usageError } from '../exits.ts';

type Tree = { [name: string]: unknown };

/** These would change the prototype of an object. */
const FORBIDDEN = ['__proto__', 'constructor', 'prototype'];

/**
 * An object out of words such as `concurrency=5`, `perKey.maxJobs=10`, `rate=none` and `rate=100/1m`. A value is JSON
 * where it can be, else text; `none` is null.
 */
export function assignments(words: readonly string[]): Tree {
  const tree: Tree = {};
  for (const word of words) {
    const end = word.indexOf('=');
    const path = word.slice(0, end).split('.');
    if (end < 1 || path.some((name) => name === '' || FORBIDDEN.includes(name))) {
      throw usageError(`${JSON.stringify(word)} must be NAME=VALUE, such as concurrency=5 or rate=100/1m.`);
    }
    assign(tree, path, readValue(word.slice(end + 1)), word);
  }
  return tree;
}

function assign(tree: Tree, path: readonly string[], value: unknown, word: string): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) {
    tree[name] = value;
    return;
  }
  const inner = tree[name] ?? {};
  if (typeof inner !== 'object' || Array.isArray(inner)) {
    throw usageError(`${JSON.stringify(word)} sets a part of ${name}, which has another value already.`);
  }
  tree[name] = inner;
  assign(inner as Tree, rest, value, word);
}

function readValue(text: string): unknown {
  if (text === 'none') return null;
  const [, limit, per] = /^(\d{1,15})\/(\d+(?:ms|s|m|h|d))$/.exec(text) ?? [];
  if (limit !== undefined) return { limit: Number(limit), per };
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
