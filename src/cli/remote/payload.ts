import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
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
  const json = await textOf(word, what, input);
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

async function textOf(word: string, what: string, input: Io['input']): Promise<string> {
  if (word !== '-' && !word.startsWith('@')) return word;
  const bytes = word === '-' ? await buffer(input) : await fileBytes(word.slice(1));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw usageError(`${what} is not UTF-8. Convert the text first, such as with iconv.`);
  }
}

async function fileBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usageError(`The file cannot be read: ${reason}`);
  }
}
