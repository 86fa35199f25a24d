const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** The bytes without the byte order mark that some editors and languages write before UTF-8. It is no part of JSON. */
export const withoutMark = (bytes: Buffer): Buffer =>
  bytes[0] === MARK[0] && bytes.subarray(0, MARK.length).equals(MARK) ? bytes.subarray(MARK.length) : bytes;
