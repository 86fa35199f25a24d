/** A task with its types, as `defineTask` makes it: any object with a name and a handler. */
export interface TypedTask<Payload = never, Result = unknown> {
  readonly name: string;
  /** The client never calls it: it only reads the types. */
  readonly handler: (payload: Payload, context: never) => Result | Promise<Result>;
}

/** A task, or just its name. */
export type TaskOrName = string | TypedTask;

/** The task of a job, and the payload that this task takes. Of a task that is only named, any payload will do. */
export type Work<T extends TaskOrName> = { readonly task: T } & PayloadOf<T>;

type PayloadOf<T> = T extends { handler: (payload: infer P, context: never) => unknown }
  ? undefined extends P
    ? { readonly payload?: P | undefined }
    : { readonly payload: P }
  : { readonly payload?: unknown };
