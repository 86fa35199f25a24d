import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Takes `ms`, and writes to `file` when it starts and ends, Unix ms with their fractions, and the payload's `key`. */
export default async ({ file, ms = 0, key = '' }) => {
  const line = (delta) => `${performance.timeOrigin + performance.now()} ${delta} ${key}\n`;
  appendFileSync(file, line(1));
  await sleep(ms);
  appendFileSync(file, line(-1));
};
