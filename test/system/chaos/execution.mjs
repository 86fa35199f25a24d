import { appendFileSync } from 'node:fs';

let count = 0;

/**
 * Begins the record of one execution in the journal that CHAOS_JOURNAL names, and gives the function that
 * continues it. A line is written by one call in append mode, so it is whole however many processes write,
 * and it is there even if this process is killed the moment after.
 */
export function record(ctx, key) {
  count += 1;
  // One lease may cover several processes: a job that workers were lost with runs alone.
  const run = `${ctx.job.lease}#${process.pid}.${count}`;
  const note = (event, more = {}) => {
    const line = {
      event,
      run,
      key,
      id: ctx.job.id,
      attempt: ctx.job.attempt,
      lease: ctx.job.lease,
      at: Date.now(),
    };
    appendFileSync(process.env.CHAOS_JOURNAL, `${JSON.stringify({ ...line, ...more })}\n`);
  };
  note('start');
  ctx.signal.addEventListener('abort', () => note('abort', { cause: ctx.signal.reason.abortCause }));
  return note;
}
