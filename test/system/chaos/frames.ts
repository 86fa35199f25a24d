const CRLF = Buffer.from('\r\n');

/**
 * Cuts a stream of the protocol of Redis (versions 2 and 3) into whole values, however its bytes come.
 * Requests are arrays of bulk strings, so the same cutter serves both ways.
 */
export class FrameCutter {
  #bytes: Buffer = Buffer.alloc(0);

  /** The values that are complete with these bytes; what is left waits for the next. */
  push(chunk: Buffer): Buffer[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const frames: Buffer[] = [];
    let start = 0;
    for (;;) {
      const end = endOfValue(this.#bytes, start);
      if (end === undefined) break;
      frames.push(this.#bytes.subarray(start, end));
      start = end;
    }
    this.#bytes = this.#bytes.subarray(start);
    return frames;
  }
}

/** Out-of-band data, which answers no request. */
export const isPush = (frame: Buffer): boolean => frame[0] === 0x3e;

/** The arguments of a request. */
export function argumentsOf(frame: Buffer): string[] {
  const found: string[] = [];
  let at = frame.indexOf(CRLF) + 2;
  while (at < frame.length) {
    const end = frame.indexOf(CRLF, at);
    const length = Number(frame.toString('latin1', at + 1, end));
    found.push(frame.toString('utf8', end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
  return found;
}

/** Where the value that begins at `start` ends, or undefined while some of it is missing. */
function endOfValue(bytes: Buffer, start: number): number | undefined {
  // Values that are still to come before this one is whole; nesting needs no stack, only the sum.
  let missing = 1;
  let at = start;
  while (missing > 0) {
    const end = bytes.indexOf(CRLF, at);
    if (end === -1) return undefined;
    const type = String.fromCharCode(bytes[at] ?? 0);
    const length = Number(bytes.toString('latin1', at + 1, end));
    at = end + 2;
    missing -= 1;
    if ('$!='.includes(type) && length >= 0) at += length + 2;
    else if ('*~>'.includes(type)) missing += Math.max(0, length);
    else if (type === '%') missing += 2 * length;
    // Attributes precede the value that they belong to.
    else if (type === '|') missing += 2 * length + 1;
    if (at > bytes.length) return undefined;
  }
  return at;
}
