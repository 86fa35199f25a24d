/** Major, minor and patch. */
export type Version = readonly [number, number, number];

export function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch] = /^\D*(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch ?? 0)];
}

/** Below 0 when the first is the older one. */
export const compare = (one: Version, other: Version): number =>
  one[0] - other[0] || one[1] - other[1] || one[2] - other[2];

/** Whether both are of one line of releases, such as 7.2. */
export const isSameLine = (one: Version, other: Version): boolean =>
  one[0] === other[0] && one[1] === other[1];
