/** Writes so many lines to the log, and fails. */
export default ({ lines }, { log }) => {
  for (let i = 0; i < lines; i += 1) log(`line ${i}`, 'warn');
  throw Object.assign(new Error('written'), { retryInMs: 0 });
};
