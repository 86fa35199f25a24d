import untilFile from './until-file.mjs';

/** Fails once the payload's `file` exists. */
export default async (payload, context) => {
  await untilFile(payload, context);
  throw new Error('it failed');
};
