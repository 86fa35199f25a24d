/** As `metadata`, in a thread. */
export default { thread: true, handler: (_payload, ctx) => ctx.job.metadata ?? false };
