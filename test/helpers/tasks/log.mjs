/** Writes the payload to the log. */
export default (payload, ctx) => {
  ctx.log(payload);
  return { job: ctx.job };
};
