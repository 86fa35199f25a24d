/** Throws what no task should throw, by name. */
const cyclic = Object.create(null);
cyclic.self = cyclic;
const things = {
  'a message that is null': () => Object.assign(new Error('x'), { message: null, name: 7 }),
  'an object without a text': () => cyclic,
  'a symbol': () => Symbol('s'),
  'a wait that is a symbol': () => Object.assign(new Error('x'), { retryInMs: Symbol('s') }),
  'a getter that throws': () =>
    Object.defineProperty({}, 'retryable', {
      get() {
        throw new Error('no');
      },
    }),
  nothing: () => undefined,
};
export default (name) => {
  throw things[name]();
};
export const NAMES = Object.keys(things);
