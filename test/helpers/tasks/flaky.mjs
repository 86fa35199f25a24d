/** Fails until the attempt that the payload names, then returns the number of that attempt. */
export default {
  backoff: { type: 'fixed', delay: 10 },
  handler: ({ until }, ctx) => {
    if (ctx.job.attempt < until) throw new TypeError(`attempt ${ctx.job.attempt} failed`);
    return { attempt: ctx.job.attempt };
  },
};
