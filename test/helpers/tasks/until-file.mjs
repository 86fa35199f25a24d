import { access } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 10;

/** Ends once the payload's `file` exists. */
export default async ({ file }, { signal }) => {
  while (await access(file).catch(() => true)) await sleep(LOOK_MS, undefined, { signal });
};
