import { invalid } from '../errors.ts';

/** A URL takes these as ways to another place, also when they are encoded. */
const DOTS = /^(?:\.|%2e){1,2}$/i;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * A path whose names are encoded: pathOf`/jobs/${id}`.
 *
 * @throws {MillraceError} `invalid-argument` for a name that would lead to another place, such as an empty one
 */
export const pathOf = (texts: TemplateStringsArray, ...names: string[]): string =>
  String.raw({ raw: texts }, ...names.map(encoded));

function encoded(name: unknown): string {
  if (typeof name !== 'string' || name === '' || DOTS.test(name) || LONE_SURROGATE.test(name)) {
    throw invalid(`A name or an id is ${shown(name)}. It must be text, not empty, and not "." or "..".`);
  }
  return encodeURIComponent(name);
}

const shown = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(value) : value === null ? 'null' : typeof value;

/** @throws {MillraceError} `invalid-argument` for a path that `fetch` would send to another place */
export function checkPath(path: string): void {
  const [place = ''] = path.split('?', 1);
  if (/^\/[^\s\\#]*$/.test(path) && !place.split('/').some((part) => DOTS.test(part))) return;
  throw invalid(`The path is ${shown(path)}. It must begin with "/", and its names must be encoded.`);
}
