import { factsOf } from './scan.ts';

/** Most nested arrays and objects in a payload, result or progress: a few more are around it in answers. */
export const MAX_DEPTH = 60;

/** Most in the data of an error, around which there are more. */
export const MAX_DATA_DEPTH = 58;

/** Most in the payload of a job that an older release has stored. Parsers use the stack for each level. */
export const MAX_STORED_DEPTH = 1_000;

/** Whether JSON text is nested deeper. Each level has two brackets, so most texts are too short to be. */
export const isDeeper = (json: string, depth: number): boolean =>
  json.length > 2 * depth && (factsOf(Buffer.from(json))?.depth ?? 0) > depth;
