/** What one step of a long operation did. */
export interface Step {
  /** Jobs that this step retried, cancelled or removed. */
  readonly count: number;
  /** Where to go on. Absent after the last step. */
  readonly nextCursor?: string;
}

export interface StepOptions {
  /** Called after each step, with the jobs so far. To go on after an interruption, give its `nextCursor` as `cursor`. */
  readonly onStep?: ((step: Step, total: number) => void) | undefined;
}

/** Repeats a step until there is no more to do. Returns the count of all steps. */
export async function inSteps(
  step: (cursor: string | undefined) => Promise<Step>,
  cursor: string | undefined,
  { onStep }: StepOptions,
): Promise<number> {
  let total = 0;
  for (let next = cursor; ; ) {
    const done = await step(next);
    total += done.count;
    onStep?.(done, total);
    if (done.nextCursor === undefined) return total;
    next = done.nextCursor;
  }
}
