/** Fails every time; the payload's members are put on the error. */
export default (payload) => {
  throw Object.assign(new Error('it failed'), payload);
};
