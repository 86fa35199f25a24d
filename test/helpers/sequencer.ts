import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Where tests are that take more than half a minute. */
const LONG = [
  '/test/system/',
  '/test/package/',
  '/test/clients/python/',
  '/test/workers/embedded/redis-restart',
];

const isLong = ({ moduleId }: TestSpecification): boolean => LONG.some((folder) => moduleId.includes(folder));

/**
 * Long tests go first, so that none runs alone at the end. Vitest orders files by how long they took; in a fresh clone it knows
 * only their sizes, and the chaos tests are short texts.
 */
export class LongTestsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
