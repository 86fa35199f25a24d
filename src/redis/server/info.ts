/** The members of a reply of INFO. */
export function parseInfo(text: string): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) members.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return members;
}

/** A number of INFO, or undefined where Redis does not have it. */
export function numberOf(info: ReadonlyMap<string, string>, name: string): number | undefined {
  const value = Number.parseFloat(info.get(name) ?? '');
  return Number.isNaN(value) ? undefined : value;
}
