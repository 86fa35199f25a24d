import { AppError } from '../../errors.ts';
import type { EventFormat } from '../../events/event-chunk.ts';

/** What a program reads, and what a person does. */
export type PageFormat = 'json' | 'html';

const EVENT_MEDIA: Readonly<Record<EventFormat, string>> = {
  sse: 'text/event-stream',
  ndjson: 'application/x-ndjson',
};

const PAGE_MEDIA: Readonly<Record<PageFormat, string>> = { json: 'application/json', html: 'text/html' };

/** The quality that an Accept header gives a media type (RFC 9110, 12.5.1): the most specific range counts. */
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
 * The form that a client likes best, by the media type of each; the first of them when it does not say.
 *
 * @throws {AppError} not-acceptable when the client takes none of them.
 */
function preferred<F extends string>(
  media: Readonly<Record<F, string>>,
  accept: string | undefined,
  what: string,
): F {
  const header = accept?.trim() || '*/*';
  let best: F | undefined;
  let bestQuality = 0;
  for (const form in media) {
    const quality = qualityOf(media[form], header);
    if (quality > bestQuality) [best, bestQuality] = [form, quality];
  }
  if (best !== undefined) return best;
  throw new AppError(
    'not-acceptable',
    `${what} as ${Object.values(media).join(' or ')}. Name one of them in Accept, or leave it out.`,
  );
}

/** The form in which a client wants events. @throws {AppError} not-acceptable. */
export const eventFormatOf = (accept: string | undefined): EventFormat =>
  preferred(EVENT_MEDIA, accept, 'Events come');

/** The form in which a client wants a page. @throws {AppError} not-acceptable. */
export const pageFormatOf = (accept: string | undefined): PageFormat =>
  preferred(PAGE_MEDIA, accept, 'The page comes');
