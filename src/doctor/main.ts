import { type DoctorOptions, parseOptions, USAGE } from './options.ts';
import { runDoctor } from './run.ts';

/** `npm run doctor`, the same as `millrace doctor`. Returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) return 2;
  if (!options.help) return runDoctor(options);
  console.log(USAGE);
  return 0;
}

function readOptions(args: readonly string[]): DoctorOptions | undefined {
  try {
    return parseOptions(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return undefined;
  }
}

process.exitCode = await main(process.argv.slice(2));
