import { readdir, readFile } from 'node:fs/promises';

/** CPU and memory of a process and of all that it has started, read from /proc (Linux). */
export interface Usage {
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
  readonly pages: number;
}

/** USER_HZ and the size of a page: the same on every Linux that Node has builds for. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4_096;

/** Indexes behind the name of the program, which ends with `)` (proc(5): fields 4, 14 to 17 and 24). */
const PARENT = 1;
const TIMES = [11, 12, 13, 14];
const RSS = 21;

/** Children that have ended and were waited for are counted in their parents. */
export async function usageOf(pid: number): Promise<Usage> {
  const stats = (await Promise.all((await readdir('/proc')).filter(isPid).map(readStat))).flat();
  const tree = new Set([pid]);
  // A child may have a lower id than its parent once ids start anew.
  for (let size = 0; size < tree.size; ) {
    size = tree.size;
    for (const stat of stats) if (tree.has(stat.parent)) tree.add(stat.pid);
  }
  const own = stats.filter((stat) => tree.has(stat.pid));
  return {
    cpuSeconds: own.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS_PER_SECOND,
    rssBytes: own.reduce((sum, { pages }) => sum + pages, 0) * PAGE_BYTES,
  };
}

const isPid = (name: string): boolean => /^\d+$/.test(name);

/** Nothing, where the process has just ended. */
async function readStat(name: string): Promise<Stat[]> {
  const text = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
  if (text === '') return [];
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (index: number) => Number(fields[index]);
  const ticks = TIMES.reduce((sum, index) => sum + field(index), 0);
  return [{ pid: Number(name), parent: field(PARENT), ticks, pages: field(RSS) }];
}
