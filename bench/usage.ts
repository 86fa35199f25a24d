import type { Bed, BedProcess, Figures } from './contract.ts';

/** Processes by the name of the figure of their CPU time, such as `workerCpu`. */
type Groups = Readonly<Record<string, readonly BedProcess[]>>;

/** CPU in seconds; of processes by group. */
export interface Spent {
  readonly redisCpu: number;
  readonly commands: number;
  readonly processes: Readonly<Record<string, number>>;
}

/** What a stretch of a round uses of the machine. */
export class Usage {
  readonly #bed: Bed;
  readonly #groups: Groups;
  readonly #from: Spent;

  private constructor(bed: Bed, groups: Groups, from: Spent) {
    this.#bed = bed;
    this.#groups = groups;
    this.#from = from;
  }

  /** Begins to count. */
  static async since(bed: Bed, groups: Groups): Promise<Usage> {
    return new Usage(bed, groups, await spentSoFar(bed, groups));
  }

  /** What was used since. */
  async spent(): Promise<Spent> {
    const to = await spentSoFar(this.#bed, this.#groups);
    const { redisCpu, commands, processes } = this.#from;
    return {
      redisCpu: to.redisCpu - redisCpu,
      commands: to.commands - commands,
      processes: mapValues(to.processes, (seconds, name) => seconds - (processes[name] ?? 0)),
    };
  }

  /**
   * CPU seconds of the processes per 1,000 jobs, CPU µs of Redis and its commands per job.
   *
   * @param own commands that the bench itself has sent since it began.
   */
  async perJob(jobs: number, own: number): Promise<Figures> {
    const { redisCpu, commands, processes } = await this.spent();
    return {
      ...mapValues(processes, (seconds) => (seconds / jobs) * 1_000),
      redisCpu: (redisCpu / jobs) * 1e6,
      commands: (commands - own) / jobs,
    };
  }
}

async function spentSoFar({ redis }: Bed, groups: Groups): Promise<Spent> {
  const [redisCpu, commands] = await Promise.all([redis.cpuSeconds(), redis.commands()]);
  const processes: Record<string, number> = {};
  for (const [name, group] of Object.entries(groups)) {
    const seconds = await Promise.all(group.map((one) => one.cpuSeconds()));
    processes[name] = seconds.reduce((sum, one) => sum + one, 0);
  }
  return { redisCpu, commands, processes };
}

const mapValues = (
  values: Readonly<Record<string, number>>,
  map: (value: number, name: string) => number,
): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value, name)]));
