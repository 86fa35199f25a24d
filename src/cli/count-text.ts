/** Such as `1 job` and `2 jobs`. @param noun whose plural ends with s. */
export const countText = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
