/** Reports a progress that cannot be written, from a thread. */
export default {
  thread: true,
  handler: (_, ctx) => ctx.progress({ n: 1n }),
};
