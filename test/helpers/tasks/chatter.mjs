import { setTimeout as sleep } from 'node:timers/promises';

/** Writes so many lines to the log, a hundred at a time, in about as many ms as the payload says. */
export default async ({ lines, ms }, ctx) => {
  const start = performance.now();
  for (let written = 0; written < lines; written += 100) {
    for (let i = 0; i < 100; i += 1) ctx.log(`line ${written + i}`);
    const early = start + ((written + 100) * ms) / lines - performance.now();
    if (early > 0) await sleep(early);
  }
  return { ms: Math.round(performance.now() - start) };
};
