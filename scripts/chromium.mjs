import { installPackages } from './packages.mjs';
import { findProgram, SetupError } from './task.mjs';

const NEEDS = 'The tests of test/dashboard and test/system/network need Chromium on PATH';
const SOURCE = 'install it from https://www.chromium.org/getting-involved/download-chromium/';

const isThere = () =>
  ['chromium', 'chromium-browser', 'google-chrome'].some((program) => findProgram(program) !== undefined);

/** Sees to a Chromium, in which the dashboard runs, and foreign pages try the API. */
export async function ensureChromium() {
  if (isThere()) return;
  await installPackages(() => ['chromium'], { needs: NEEDS, source: SOURCE });
  if (!isThere()) throw new SetupError(`Chromium was installed, but is not on PATH. ${NEEDS}: ${SOURCE}.`);
}
