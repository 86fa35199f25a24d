import { fileURLToPath } from 'node:url';

/** The code of Millrace: its `src`, `routes` and `workers` beside each other, in the build as well. */
const OWN = ['./', '../routes/', '../workers/'].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/** File, line and column at the end of a line of a stack. */
const FRAME = /^\s+at (?:.*\()?(?:file:\/\/)?(\/[^()]+|[A-Za-z]:[\\/][^()]+):(\d+):(\d+)\)?$/;

/**
 * Where the code of a user failed, as `file:line:column`: the first line of the stack that is neither of Millrace, nor of Node.js, nor
 * of a package. Undefined if the stack has no such line.
 */
export function placeOf(stack: string | undefined): string | undefined {
  for (const line of stack?.split('\n') ?? []) {
    const [, file, row, column] = FRAME.exec(line) ?? [];
    if (file === undefined || /[\\/]node_modules[\\/]/.test(file)) continue;
    const path = decoded(file);
    if (!OWN.some((own) => path.startsWith(own))) return `${path}:${row}:${column}`;
  }
  return undefined;
}

/** A module's file is a URL in a stack. */
function decoded(file: string): string {
  try {
    return decodeURI(file);
  } catch {
    // A file of a CommonJS module, with a percent sign in its name.
    return file;
  }
}
