// Runs in a thread, and returns its trace.
export default { thread: true, handler: (_, ctx) => ctx.trace ?? null };
