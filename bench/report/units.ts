/** How a figure is shown. */
export interface Unit {
  /** Head of its column. */
  readonly label: string;
  /** `neither`: it was given, not measured. */
  readonly better: 'higher' | 'lower' | 'neither';
  /** Behind the point. */
  readonly digits: number;
}

const unit = (label: string, better: Unit['better'], digits: number): Unit => ({ label, better, digits });

/** Latencies, ms: `answerP99` for `answer`. */
const percentiles = (figure: string, what: string): Readonly<Record<string, Unit>> =>
  Object.fromEntries(
    ['50', '90', '99', '99.9'].map((share) => [
      `${figure}P${share.replace('.', '')}`,
      unit(`ms ${what}, p${share}`, 'lower', 2),
    ]),
  );

const UNITS: Readonly<Record<string, Unit>> = {
  rate: unit('jobs/s', 'higher', 0),
  offered: unit('jobs/s offered', 'neither', 0),
  apiCpu: unit('CPU s of the submitting process per 1,000 jobs', 'lower', 3),
  workerCpu: unit('CPU s of the workers per 1,000 jobs', 'lower', 3),
  redisCpu: unit('CPU µs of Redis per job', 'lower', 1),
  commands: unit('Redis commands per job', 'lower', 2),
  queuedBytes: unit('B per waiting job', 'lower', 0),
  finishedBytes: unit('B per finished job', 'lower', 0),
  runningBytes: unit('B per running job', 'lower', 0),
  submitRate: unit('jobs submitted/s', 'higher', 0),
  runRate: unit('jobs run/s', 'higher', 0),
  ...percentiles('answer', 'submit to result'),
  ...percentiles('start', 'submit to start'),
  ...percentiles('submit', 'submit'),
  ...percentiles('pickup', 'end of a job to start of the next'),
  idleCommands: unit('Redis commands/s', 'lower', 1),
  idleWorkerCpu: unit('CPU ms of the workers per s', 'lower', 1),
  idleRedisCpu: unit('CPU ms of Redis per s', 'lower', 2),
};

/** @throws {Error} for a figure that has no unit. */
export function unitOf(figure: string): Unit {
  const found = UNITS[figure];
  if (found === undefined) throw new Error(`The figure "${figure}" has no unit in bench/report/units.ts.`);
  return found;
}

/** `1,234.5`, without the unit; `–` where there is no value. */
export function formatValue(value: number | undefined, digits: number): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** `1,234 jobs/s`. */
export function formatFigure(figure: string, value: number | undefined): string {
  const { label, digits } = unitOf(figure);
  return `${formatValue(value, digits)} ${label}`;
}
