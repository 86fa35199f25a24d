/** A preValidation hook for routes with an optional body: an absent body is validated as `{}`. */
export const optionalBody = async (request: { body: unknown }): Promise<void> => {
  request.body ??= {};
};
