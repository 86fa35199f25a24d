/** For messages: an address that REDIS_URL does not name. */
export const toldAddress = (address: string, by: 'nodes' | 'sentinels'): string =>
  `${address}, an address that ${by} tell`;
