/** A task with its types, as `defineTask` makes it: any object with a name and a handler. */
export interface TypedTask<Payload = never, Result = unknown> {
  readonly name: string;
  /** The client never calls it: it only reads the types. */
  readonly handler: (payload: Payload, context: never) => Result | Promise<Result>;
}
