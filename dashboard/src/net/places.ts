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

/** The path of a request: each part is escaped. */
export const pathOf = (...parts: readonly string[]): string => parts.map(encodeURIComponent).join('/');
