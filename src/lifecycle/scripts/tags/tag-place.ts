import { parseRef, type Ref } from '../../../redis/job-id.ts';

/**
 * A member of `tagged` is `<tag>\n<place>`. The place of a job there says when it was submitted and which one it is, so that texts
 * compare as times: 16 digits of ms, 2 digits for the length of the sequence number, that number, the letter of the stream. It
 * is made of the first ref, which the id names: a change of the job keeps it.
 */
export const TAG_PLACE = /^\d{16}\d{2}\d{1,20}[chnlp]$/;

/** After every place of the same time, and after every place at all. */
export const AFTER_PLACES = '~';

/** What places of a time begin with. @param ms Unix ms. */
export const placeTime = (ms: number): string => String(Math.max(0, Math.trunc(ms))).padStart(16, '0');

/** The ref of the job with this place; undefined for other text. */
export function refOfPlace(place: string): Ref | undefined {
  if (!TAG_PLACE.test(place)) return undefined;
  return parseRef(`${place.at(-1)}${BigInt(place.slice(0, 16))}-${place.slice(18, -1)}`);
}

/** The place in a member of `tagged`. */
export const placeOfMember = (member: string): string => member.slice(member.lastIndexOf('\n') + 1);

/** Tags as scripts take them: none of them has a line break. */
export const tagLines = (tags: readonly string[] | undefined): string => tags?.join('\n') ?? '';

/**
 * Lua: statements that add a job to the index of tags, or remove it (`ZADD` or `ZREM`). Few jobs have tags, so it is no helper: each
 * function costs a call a little.
 *
 * @param tagged expression for the key; `tags`: for the lines of tags, '' for none; `ref`: for the first ref of the job.
 */
export const moveTags = (command: 'ZADD' | 'ZREM', tagged: string, tags: string, ref: string): string =>
  `
  if ${tags} ~= '' then
    local letter, ms, seq = string.match(${ref}, '^(%a)(%d+)%-(%d+)$')
    local placed = '\\n' .. string.rep('0', 16 - #ms) .. ms .. string.format('%02d', #seq) .. seq .. letter
    for tag in string.gmatch(${tags}, '[^\\n]+') do
      redis.call('${command}', ${tagged}, ${command === 'ZADD' ? '0, ' : ''}tag .. placed)
    end
  end`.trim();
