import { appendFileSync } from 'node:fs';

/** Takes `ms`. Writes a line to the payload's `file` when it begins, and one when it ends: `+` or `-`, key, id. */
export default async ({ file, ms }, ctx) => {
  const write = (sign) => appendFileSync(file, `${sign} ${ctx.job.key} ${ctx.job.id}\n`);
  write('+');
  await new Promise((resolve) => setTimeout(resolve, ms));
  write('-');
  return ctx.job.attempt;
};
