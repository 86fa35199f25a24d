import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { folder, MODULE } from './task-folder.ts';

async function importText(text: string, files: Record<string, string> = {}): Promise<unknown> {
  const dir = await folder({ ...files, 'a.ts': text });
  vi.resetModules();
  const { importDefault } = await import('../../src/tasks/import.ts');
  return importDefault(join(dir, 'a.ts'));
}

const readsTypeScript = 'typescript' in process.features && Boolean(process.features.typescript);

// A Node that reads TypeScript itself needs no tsx, and vitest's module loader replaces its own.
describe.skipIf(readsTypeScript)('importDefault reads TypeScript by tsx', () => {
  it('without the loader of vitest', async () => {
    expect(await importText('export default typeof __vite_ssr_exports__ as string;', MODULE)).toBe(
      'undefined',
    );
  });

  it('when package.json has no "type"', async () => {
    const helper = { '_one.ts': 'export const one: number = 1;' };
    const text = "import { one } from './_one.ts'; export default one as number;";
    expect(await importText(text, helper)).toBe(1);
    expect(await importText('module.exports = 1 as number;')).toBe(1);
  });

  it('and tells what to do when tsx is missing', async () => {
    vi.doMock('tsx/esm/api', () => {
      throw new Error('Cannot find package');
    });
    onTestFinished(() => {
      vi.doUnmock('tsx/esm/api');
      // The next file in this process must not get the module that has found no tsx.
      vi.resetModules();
    });
    await expect(importText('export default 1;', MODULE)).rejects.toThrow('tsx is not installed');
  });
});
