/**
 * Calls with a part of the list at a time, one call after the other: a script that has many jobs to move must not keep Redis
 * from everybody else. Gives what the calls give, in the order of the list.
 */
export async function inSteps<T, R>(
  items: readonly T[],
  size: number,
  call: (step: readonly T[]) => Promise<readonly R[]>,
): Promise<R[]> {
  if (items.length <= size) return items.length === 0 ? [] : [...(await call(items))];
  const results: R[] = [];
  for (let first = 0; first < items.length; first += size) {
    results.push(...(await call(items.slice(first, first + size))));
  }
  return results;
}
