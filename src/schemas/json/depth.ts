/** Most nested arrays and objects in a payload, result or progress: a few more are around it in answers. */
export const MAX_DEPTH = 60;

/** Most in the data of an error, around which there are more. */
export const MAX_DATA_DEPTH = 58;

/** Most in the payload of a job that an older release has stored. Parsers use the stack for each level. */
export const MAX_STORED_DEPTH = 1_000;

/** A text of this length or less cannot be nested deeper: each level has two brackets. */
export const lengthOfDepth = (depth: number): number => 2 * depth + 1;
