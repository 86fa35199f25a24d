import type { Bed, BedProcess, Figures } from './contract.ts';

/** What has been used up to a moment. */
interface Reading {
  readonly redis: number;
  readonly commands: number;
  readonly processes: readonly number[];
}

/** Processes by the name of the figure of their CPU time, such as `workerCpu`. */
type Groups = Readonly<Record<string, readonly BedProcess[]>>;

/** What a stretch of a round has used of the machine. */
export class Usage {
  readonly #bed: Bed;
  readonly #processes: Groups;
  readonly #from: Reading;

  private constructor(bed: Bed, processes: Groups, from: Reading) {
    this.#bed = bed;
    this.#processes = processes;
    this.#from = from;
  }

  /** Begins to count. */
  static async since(bed: Bed, processes: Groups): Promise<Usage> {
    return new Usage(bed, processes, await reading(bed, processes));
  }

  /**
   * CPU seconds of the processes per 1,000 jobs, CPU µs of Redis and its commands per job.
   *
   * @param own commands that the bench itself has sent since it began.
   */
  async perJob(jobs: number, own: number): Promise<Figures> {
    const to = await reading(this.#bed, this.#processes);
    const cpu = Object.keys(this.#processes).map((name, i) => [
      name,
      (((to.processes[i] ?? 0) - (this.#from.processes[i] ?? 0)) / jobs) * 1_000,
    ]);
    return {
      ...Object.fromEntries(cpu),
      redisCpu: ((to.redis - this.#from.redis) / jobs) * 1e6,
      commands: (to.commands - this.#from.commands - own) / jobs,
    };
  }
}

async function reading({ redis }: Bed, processes: Groups): Promise<Reading> {
  const sum = async (all: readonly BedProcess[]) =>
    (await Promise.all(all.map((one) => one.cpuSeconds()))).reduce((total, seconds) => total + seconds, 0);
  const [redisCpu, commands, ...rest] = await Promise.all([
    redis.cpuSeconds(),
    redis.commands(),
    ...Object.values(processes).map(sum),
  ]);
  return { redis: redisCpu ?? 0, commands: commands ?? 0, processes: rest };
}
