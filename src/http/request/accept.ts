import { AppError } from '../../errors.ts';
import type { EventFormat } from '../../events/event-chunk.ts';

/** JSON for programs, HTML for browsers. */
export type PageFormat = 'json' | 'html';

const EVENT_MEDIA: Readonly<Record<EventFormat, string>> = {
  sse: 'text/event-stream',
  ndjson: 'application/x-ndjson',
};

const PAGE_MEDIA: Readonly<Record<PageFormat, string>> = { json: 'application/json', html: 'text/html' };

/** The quality of a media type in an Accept header. The most specific range counts (RFC 9110, 12.5.1). */
function qualityOf(media: string, header: string): number {
  const ranges = new Map<string, number>();
  for (const part of header.split(',')) {
    const [range = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    ranges.set(range, quality === undefined ? 1 : Number(quality) || 0);
  }
  const [kind = ''] = media.split('/');
  return ranges.get(media) ?? ranges.get(`${kind}/*`) ?? ranges.get('*/*') ?? 0;
}

/**
 * The format that a client prefers. On a tie, or without Accept, the first one.
 *
 * @param media the media type of each format.
 * @param subject the start of the message, such as "Events are available".
 * @throws {AppError} not-acceptable if Accept allows none.
 */
function preferred<F extends string>(
  media: Readonly<Record<F, string>>,
  accept: string | undefined,
  subject: string,
): F {
  const header = accept?.trim() || '*/*';
  let best: F | undefined;
  let bestQuality = 0;
  for (const format in media) {
    const quality = qualityOf(media[format], header);
    if (quality > bestQuality) [best, bestQuality] = [format, quality];
  }
  if (best !== undefined) return best;
  throw new AppError(
    'not-acceptable',
    `${subject} as ${Object.values(media).join(' or ')}. Name one of them in Accept, or omit Accept.`,
  );
}

/** The format in which a client prefers events. @throws {AppError} not-acceptable. */
export const eventFormatOf = (accept: string | undefined): EventFormat =>
  preferred(EVENT_MEDIA, accept, 'Events are available');

/** The format in which a client prefers a page. @throws {AppError} not-acceptable. */
export const pageFormatOf = (accept: string | undefined): PageFormat =>
  preferred(PAGE_MEDIA, accept, 'The page is available');

/** Whether a client rather has HTML than JSON. */
export const prefersPage = (accept: string | undefined): boolean =>
  accept !== undefined && qualityOf(PAGE_MEDIA.html, accept) > qualityOf(PAGE_MEDIA.json, accept);
