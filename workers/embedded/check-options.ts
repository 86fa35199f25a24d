/** What callers without types get wrong. @throws {TypeError} */
export function checkOptions(maker: string, options: unknown): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`${maker} needs options with tasks, such as ${maker}({ tasks: { greet } })`);
  if (!('queues' in options) || options.queues === undefined) return;
  const { queues } = options;
  const isList =
    Array.isArray(queues) && queues.length > 0 && queues.every((name) => typeof name === 'string');
  if (!isList) throw new TypeError("queues must be a list of names that is not empty, such as ['default']");
}
