/** Blocks the event loop of its process for `ms`. */
export default ({ ms }) => {
  const end = Date.now() + ms;
  while (Date.now() < end);
  return { blockedMs: ms };
};
