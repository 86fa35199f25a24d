import { MAX_DEPTH } from '../schemas/json/depth.ts';
import { JsonText } from '../schemas/json/json-text.ts';
import { usableJson } from './unusable-value.ts';

/** Longest checkpoint that is stored, bytes of JSON. */
export const MAX_CHECKPOINT_BYTES = 65_536;

/** A value that cannot be a checkpoint. The former one stays. */
export class UnusableCheckpoint extends TypeError {
  override readonly name = 'UnusableCheckpoint';
  readonly isTooLarge: boolean;

  constructor(message: string, isTooLarge = false) {
    super(message);
    this.isTooLarge = isTooLarge;
  }
}

/**
 * A checkpoint of a handler as JSON text; undefined becomes null.
 *
 * @throws {UnusableValue} when JSON cannot say it; {UnusableCheckpoint} when it is too long or too deep.
 */
export function encodeCheckpoint(value: unknown): string {
  const text = usableJson(value, 'checkpoint');
  return checkpointText(JsonText.read(text) ?? JsonText.of(value));
}

/** The text of a checkpoint as it is stored, with U+FFFD for lone surrogates. @throws {UnusableCheckpoint} */
export function checkpointText(json: JsonText): string {
  const { text, facts } = json.toWellFormed();
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_CHECKPOINT_BYTES) throw tooLargeCheckpoint(bytes);
  if (facts.depth > MAX_DEPTH) {
    throw new UnusableCheckpoint(
      `The checkpoint is nested deeper than ${MAX_DEPTH} levels. Report a flatter one; the former one stays`,
    );
  }
  return text;
}

export const tooLargeCheckpoint = (bytes: number): UnusableCheckpoint =>
  new UnusableCheckpoint(
    `The checkpoint has ${bytes} bytes of JSON; at most ${MAX_CHECKPOINT_BYTES} are stored. Store the data elsewhere and report where; the former checkpoint stays`,
    true,
  );
