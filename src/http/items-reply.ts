import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { printJson } from '../schemas/json/json-text.ts';
import { Slices } from '../slices.ts';

/** A longer answer is sent in parts, since encoding all of it at once would hold up other requests. */
const MAX_CHARACTERS_AT_ONCE = 1_048_576;
const PART_CHARACTERS = 65_536;

/**
 * Sends an outcome for each item of a request, with status 207 as `{ "items": [...] }`. Other requests get their turn in between.
 *
 * @param print gives the JSON of an item.
 * @param more further members of the answer.
 */
export async function sendItems<T>(
  reply: FastifyReply,
  items: readonly T[],
  print: (item: T, index: number) => string,
  more: object = {},
): Promise<FastifyReply> {
  const texts = await new Slices().map(items, print);
  const members = printJson(more).slice(1);
  const end = members === '}' ? ']}' : `],${members}`;
  const characters = texts.reduce((sum, { length }) => sum + length, 0);
  reply.code(207).type('application/json; charset=utf-8');
  if (characters > MAX_CHARACTERS_AT_ONCE) return reply.send(Readable.from(parts(texts, end)));
  return reply.send(`{"items":[${texts.join(',')}${end}`);
}

async function* parts(texts: readonly string[], end: string): AsyncGenerator<Buffer> {
  const slices = new Slices();
  let part = '{"items":[';
  for (const [i, text] of texts.entries()) {
    part += i === 0 ? text : `,${text}`;
    if (part.length < PART_CHARACTERS) continue;
    yield Buffer.from(part);
    part = '';
    if (slices.isOver) await slices.next();
  }
  yield Buffer.from(part + end);
}
