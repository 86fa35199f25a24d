import { appendFileSync } from 'node:fs';

/** Holds until its signal fires, then writes the reason to the payload's `file` and returns all the same. */
export default ({ file }, ctx) =>
  new Promise((resolve) => {
    ctx.progress({ held: true });
    const timer = setInterval(() => undefined, 1_000);
    ctx.signal.addEventListener('abort', () => {
      clearInterval(timer);
      appendFileSync(file, `${ctx.job.attempt} ${ctx.signal.reason.abortCause}\n`);
      resolve({ attempt: ctx.job.attempt });
    });
  });
