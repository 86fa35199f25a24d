import { appendFileSync } from 'node:fs';

/** Writes the payload's `note` to the payload's `file`, one line for each execution. */
export default ({ file, note }) => {
  appendFileSync(file, `${note}\n`);
  return note;
};
