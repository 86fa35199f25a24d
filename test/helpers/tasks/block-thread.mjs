/** Blocks its thread for ever. */
export default {
  thread: true,
  handler: () => {
    for (;;);
  },
};
