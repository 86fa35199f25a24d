import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { usageError } from '../exits.ts';
import type { Io } from '../io.ts';

/**
 * The JSON that a word stands for: itself, the text of `@file`, or standard input for `-`. It is sent unchanged, so that
 * numbers keep all their digits.
 *
 * @param what names it in errors, such as `The payload`
 * @throws {CliError} for what is not JSON
 */
export async function jsonText(word: string, what: string, { input }: Pick<Io, 'input'>): Promise<string> {
  const json = word === '-' ? await text(input) : word.startsWith('@') ? await fileText(word.slice(1)) : word;
  try {
    JSON.parse(json);
    return json.trim();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usageError(
      `${what} is not JSON (${reason}). Put it in single quotes, or use @FILE for a file and - for standard input.`,
    );
  }
}

async function fileText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usageError(`The file cannot be read: ${reason}`);
  }
}
