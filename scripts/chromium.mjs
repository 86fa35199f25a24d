import { installPackages } from './packages.mjs';
import { findProgram, SetupError } from './task.mjs';

const NEEDS = 'The tests of test/dashboard and test/system/network need Chromium on PATH';
const SOURCE = 'install it from https://www.chromium.org/getting-involved/download-chromium/';

/** The shell is the same browser without windows and menus, which take three quarters of the work of a short test. */
const SHELL = 'chromium-headless-shell';

const isThere = () =>
  [SHELL, 'chromium', 'chromium-browser', 'google-chrome'].some(
    (program) => findProgram(program) !== undefined,
  );

/** Sees to a Chromium, in which the dashboard runs, and foreign pages try the API. */
export async function ensureChromium() {
  if (isThere()) return;
  // Only Debian has a package of the shell alone.
  await installPackages((manager) => [manager === 'apt-get' ? SHELL : 'chromium'], {
    needs: NEEDS,
    source: SOURCE,
  });
  if (!isThere()) throw new SetupError(`Chromium was installed, but is not on PATH. ${NEEDS}: ${SOURCE}.`);
}
