/** Answers to questions of the bench by name; what comes in and out must be JSON. */
export type Handlers = Readonly<Record<string, (message: never) => unknown>>;

interface Question {
  readonly id: number;
  readonly ask: { readonly do: string };
}

/**
 * Makes this process one that the bench can ask: `ask({ do: 'load', ... })` calls `handlers.load` with that message,
 * and is answered with what it gives. The process ends with the bench.
 */
export function serve(handlers: Handlers): void {
  process.on('message', async ({ id, ask }: Question) => {
    try {
      const handler = handlers[ask.do];
      if (handler === undefined) throw new Error(`There is no handler for "${ask.do}".`);
      tell({ id, answer: (await handler(ask as never)) ?? null });
    } catch (error) {
      tell({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.once('disconnect', () => process.exit());
  tell({ ready: true });
}

/** Nobody hears it any more when the bench has gone. */
function tell(message: object): void {
  if (process.connected) process.send?.(message);
}
