import { canonicalSteps, type Numbers } from '../../schemas/json/canonical.ts';
import { Slices } from '../../slices.ts';

/** The canonical JSON of a value. Others get their turn while it is made. */
export async function canonicalInSlices(
  value: unknown,
  numbers: Numbers,
  slices = new Slices(),
): Promise<string> {
  const steps = canonicalSteps(value, numbers);
  for (let step = steps.next(); ; step = steps.next()) {
    if (slices.isOver) await slices.next();
    if (step.done) return step.value;
  }
}
