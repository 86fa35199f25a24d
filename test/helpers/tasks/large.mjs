/** Returns a text of `length` characters. */
export default ({ length }) => 'x'.repeat(length);
