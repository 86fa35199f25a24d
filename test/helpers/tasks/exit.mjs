/** Ends its process. */
export default () => process.exit(7);
