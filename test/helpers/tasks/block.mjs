// Holds up the event loop for `ms`, or until the file `until` is there, without keeping the machine busy.
import { existsSync } from 'node:fs';

const PAUSE_MS = 20;
const nobody = new Int32Array(new SharedArrayBuffer(4));
const stand = (ms) => Atomics.wait(nobody, 0, 0, ms);

export default ({ ms, until }) => {
  if (until === undefined) stand(ms);
  else while (!existsSync(until)) stand(PAUSE_MS);
  return { ms, until };
};
