import type { Core } from '../../core/core.ts';
import { AppError } from '../../errors.ts';
import type { Trace } from '../../schemas/values/trace.ts';
import { Slices } from '../../slices.ts';
import { type AdmittedJob, admitJob } from './admission.ts';
import type { Candidate } from './outcomes.ts';

export type Admission = { ok: true; admitted: AdmittedJob } | { ok: false; error: AppError };

/** Jobs that are admitted before others may get their turn. */
const ADMITTED_AT_ONCE = 50;

/** Admits each candidate alone. Admissions are in the order of the candidates. @param trace that the jobs belong to. */
export async function admitAll(
  core: Core,
  candidates: readonly Candidate[],
  trace: Trace | undefined,
): Promise<Admission[]> {
  const slices = new Slices();
  const admissions: Admission[] = [];
  while (admissions.length < candidates.length) {
    const some: (Admission | Promise<Admission>)[] = [];
    for (const one of candidates.slice(admissions.length, admissions.length + ADMITTED_AT_ONCE)) {
      some.push(admit(core, one, trace));
      if (slices.isOver) break;
    }
    admissions.push(...(some.some(isPromise) ? await Promise.all(some) : (some as Admission[])));
    if (slices.isOver) await slices.next();
  }
  return admissions;
}

function admit(core: Core, candidate: Candidate, trace: Trace | undefined): Admission | Promise<Admission> {
  if (!candidate.ok) return candidate;
  const refuse = (error: unknown): Admission => {
    if (error instanceof AppError) return { ok: false, error };
    throw error;
  };
  try {
    const admitted = admitJob(core, candidate.job, trace);
    if (!(admitted instanceof Promise)) return { ok: true, admitted };
    return admitted.then((one): Admission => ({ ok: true, admitted: one })).catch(refuse);
  } catch (error) {
    return refuse(error);
  }
}

const isPromise = (value: unknown): boolean => value instanceof Promise;
