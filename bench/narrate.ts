import { formatFigure } from './report/units.ts';
import type { Step } from './runner.ts';

/** Tells of each round on standard error, with the time that is left by the pace so far. */
export function narrate(): (step: Step) => void {
  const start = performance.now();
  return ({ done, total, scenario, contender, round, result }) => {
    const seconds = (performance.now() - start) / 1_000;
    const left = Math.round((seconds / done) * (total - done));
    const [main = ''] = scenario.figures;
    const told = result instanceof Error ? `FAILED: ${result.message}` : formatFigure(main, result[main]);
    const share = `${String(done).padStart(String(total).length)}/${total}`;
    console.error(`${share}  ${scenario.id}  round ${round}  ${contender.id}: ${told}  (${time(left)} left)`);
  };
}

const time = (seconds: number): string =>
  seconds < 90 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
