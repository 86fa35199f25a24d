import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { CODE_FILES, DASHBOARD_FILES, readCode } from './helpers/code-files.ts';

const MAX_FILE_LINES = 250;
const MAX_MEDIAN_LINES = 90;
const MAX_FUNCTION_LINES = 60;
const MAX_COMMENT_LINES = 3;
const MAX_FOLDER_FILES = 15;
const MIN_TESTED_SHARE = 0.6;

const ALL_FILES = [...CODE_FILES, ...DASHBOARD_FILES];

/** What a program writes, nobody reads from top to bottom. */
const WRITTEN_FILES = ALL_FILES.filter((file) => !file.endsWith('.generated.ts'));

const lineCount = (file: string): number => readCode(file).split('\n').length - 1;

/** Functions with a body that are longer than allowed. A plugin of routes is a list of them. */
function longFunctions(file: string): string[] {
  const source = ts.createSourceFile(file, readCode(file), ts.ScriptTarget.Latest, true);
  const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line;
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const lines = lineOf(node.end) - lineOf(node.getStart()) + 1;
      if (lines > MAX_FUNCTION_LINES) found.push(`${file}:${lineOf(node.getStart()) + 1} has ${lines} lines`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Where comments beside the code, which are not docstrings, are longer than allowed. */
function longComments(file: string): string[] {
  let run = 0;
  return readCode(file)
    .split('\n')
    .flatMap((line, i) => {
      run = /^\s*\/\//.test(line) ? run + 1 : 0;
      return run === MAX_COMMENT_LINES + 1 ? [`${file}:${i + 1}`] : [];
    });
}

/** Whether a file below `src/` has functions of its own, so that a test can name it. */
const hasLogic = (file: string): boolean =>
  file.startsWith('src/') &&
  // test/cli/json.test.ts runs each command as a process, with one service for all of them.
  !/^src\/(app|server|scripts|clock|version)\.ts$|^src\/schemas\/[^/]+$|^src\/cli\/commands\/(?!.*-options)/.test(
    file,
  ) &&
  /=>|\bfunction\b|\bclass\b/.test(readCode(file).replaceAll(/\/\*[\s\S]*?\*\//g, ''));

const testOf = (file: string): string => file.replace(/^src\//, 'test/').replace(/\.ts$/, '.test.ts');

describe('the code', () => {
  it('has at most 15 files in a folder', () => {
    const folders = [...new Set(ALL_FILES.map((file) => dirname(file)))];
    const sizes = folders.map((folder) => ALL_FILES.filter((file) => dirname(file) === folder).length);
    expect(folders.filter((_, i) => (sizes[i] ?? 0) > MAX_FOLDER_FILES)).toEqual([]);
  });

  it('has files of at most 250 lines, half of them of at most 90', () => {
    const lengths = WRITTEN_FILES.map(lineCount).sort((a, b) => a - b);
    expect(WRITTEN_FILES.filter((file) => lineCount(file) > MAX_FILE_LINES)).toEqual([]);
    expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThanOrEqual(MAX_MEDIAN_LINES);
  });

  it('has functions of at most 60 lines', () => {
    // A view of the dashboard is mostly markup.
    const files = CODE_FILES.filter((file) => !file.startsWith('routes/'));
    expect(files.flatMap(longFunctions)).toEqual([]);
  });

  it('has comments of at most three lines; a longer reason belongs to docs/decisions', () => {
    expect(ALL_FILES.flatMap(longComments)).toEqual([]);
  });

  it('takes the time from a Clock', () => {
    // A task gets no clock: it is the code of users.
    const files = CODE_FILES.filter((file) => file !== 'src/clock.ts' && !file.startsWith('workers/tasks/'));
    expect(files.filter((file) => /\b(Date|performance)\.now\(/.test(readCode(file)))).toEqual([]);
  });

  it('has a test of the same name for most files below src/ that hold logic', () => {
    const files = CODE_FILES.filter(hasLogic);
    const tested = files.filter((file) => existsSync(testOf(file)));
    expect(tested.length / files.length).toBeGreaterThan(MIN_TESTED_SHARE);
  });
});
