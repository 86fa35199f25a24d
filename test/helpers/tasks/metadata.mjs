/** Returns the metadata of its job, after it has tried to change them; `false` when there are none. */
const read = (_payload, ctx) => {
  const found = 'metadata' in ctx.job && { ...ctx.job.metadata };
  if (found) ctx.job.metadata.spoilt = 'yes';
  return found;
};
export default read;
