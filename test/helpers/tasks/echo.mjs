/** Returns the payload. */
export default (payload) => payload;
