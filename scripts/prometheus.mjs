import { installPackages, stopService } from './packages.mjs';
import { findProgram, SetupError } from './task.mjs';

const NEEDS = 'The tests of deploy/prometheus need prometheus and promtool on PATH';
const SOURCE = 'install it from https://prometheus.io/download/';

const isThere = () => ['prometheus', 'promtool'].every((program) => findProgram(program) !== undefined);

/** Sees to a Prometheus, which the tests load the shipped rules into. */
export async function ensurePrometheus() {
  if (isThere()) return;
  const manager = await installPackages(() => ['prometheus'], { needs: NEEDS, source: SOURCE });
  if (manager === 'apt-get') await stopService('prometheus');
  if (!isThere()) throw new SetupError(`Prometheus was installed, but is not on PATH. ${NEEDS}: ${SOURCE}.`);
}
