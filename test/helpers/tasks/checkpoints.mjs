/** Saves checkpoints as the payload says, and returns the names of the errors. */
export default async ({ values }, { checkpoint }) => {
  const errors = [];
  for (const value of values) {
    const given = value === 'large' ? 'x'.repeat(70_000) : value === 'bigint' ? 1n : value;
    await checkpoint(given).catch((error) => errors.push(error.name));
  }
  throw Object.assign(new Error(errors.join()), { retryable: false });
};
