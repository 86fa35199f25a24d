/** The address of the dashboard, as the page says it: `/ui/`, below the prefix of a proxy if there is one. */
export const UI_ROOT = new URL(document.baseURI);

/** Where the API is. */
export const API_ROOT = new URL('..', UI_ROOT);

export type Query = Readonly<Record<string, string | number | boolean | undefined | readonly string[]>>;

/** `?a=1&b=2` of what is given and not empty. */
export function queryText(query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === '') continue;
    for (const one of Array.isArray(value) ? value : [value]) params.append(name, String(one));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

/** Whether a path can name it: a browser takes `.` and `..` for folders, also where they are escaped. */
export const isName = (text: string): boolean => !/^\.{0,2}$/.test(text);

/** The path of a request: each part is escaped. @throws {RangeError} for a part that would lead to another path. */
export function pathOf(...parts: readonly string[]): string {
  const wrong = parts.find((part) => !isName(part));
  if (wrong !== undefined) throw new RangeError(`"${wrong}" cannot be a name. Choose another one.`);
  return parts.map(encodeURIComponent).join('/');
}
