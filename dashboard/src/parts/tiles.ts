/** The counts of a queue that are shown large, with their titles. */
export const TILES = [
  ['queued', 'Waiting'],
  ['running', 'Running'],
  ['scheduled', 'Scheduled'],
  ['retrying', 'Retrying'],
  ['failed', 'Failed'],
] as const;
