/** From good to bad. With a warning or a fault the doctor ends with exit code 1. */
export const LEVELS = ['ok', 'note', 'warning', 'fault'] as const;
/**
 * - `ok`: as it should be. `note`: nothing is wrong, but somebody may want to know, or the doctor could not look.
 * - `warning`: it works now, and will hurt. `fault`: jobs are lost or stuck, or the service does not work.
 */
export type Level = (typeof LEVELS)[number];

/** One result of a check. No member holds a secret. */
export interface Finding {
  /** The same for all findings of one kind, for `--ignore` and for programs. */
  readonly id: string;
  readonly level: Level;
  readonly what: string;
  /** Why it matters. */
  readonly why?: string;
  /** What to do: one command where possible. */
  readonly todo?: string;
}

interface Advice {
  readonly what: string;
  readonly why: string;
  readonly todo: string;
}

export const ok = (id: string, what: string): Finding => ({ id, level: 'ok', what });
export const note = (id: string, advice: { what: string; why?: string; todo?: string }): Finding => ({
  id,
  level: 'note',
  ...advice,
});
export const warning = (id: string, advice: Advice): Finding => ({ id, level: 'warning', ...advice });
export const fault = (id: string, advice: Advice): Finding => ({ id, level: 'fault', ...advice });

/** Whether the finding says that something is wrong. */
export const isWrong = ({ level }: Finding): boolean => level === 'warning' || level === 'fault';
