/** Goes one step further in each attempt, from the checkpoint on; ends with the payload's `way` until the third. */
export const handler = async ({ way } = {}, ctx) => {
  const before = ctx.lastCheckpoint;
  const steps = [...(before?.steps ?? []), ctx.job.attempt];
  await ctx.checkpoint({ steps });
  if (steps.length > 2) return { before };
  if (way === 'hold') {
    ctx.progress({ steps });
    await new Promise((_, reject) => {
      setInterval(() => undefined, 1_000).unref();
      ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason));
    });
  }
  throw Object.assign(new Error('one step'), { retryInMs: 0 });
};

export default handler;
