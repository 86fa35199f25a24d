import { fileURLToPath } from 'node:url';
import { ensureBuild } from '../../scripts/build.mjs';

/** Workers are tested as the processes that users start, so the build must be of these sources. */
export default () => ensureBuild(fileURLToPath(new URL('../..', import.meta.url)));
