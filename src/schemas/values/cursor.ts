/** The form of a cursor in a URL: base64url, which needs no escaping. The text inside is the listing's own. */
export const encodeCursor = (text: string): string => Buffer.from(text).toString('base64url');

/** The text of a cursor. A client can send anything, so the listing must check it. */
export const decodeCursor = (cursor: string): string => Buffer.from(cursor, 'base64url').toString();
