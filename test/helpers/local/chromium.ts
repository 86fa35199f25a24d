import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The first one takes the least work: it has no windows. */
const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'];

/** The Chromium on PATH; `npm test` installs it. @throws {Error} without one. */
export function chromiumPath(): string {
  const path = (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((dir) => NAMES.map((name) => join(dir, name)))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
  if (path === undefined) throw new Error('Chromium is not on PATH: `npm test` installs it');
  return path;
}
