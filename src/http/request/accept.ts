import type { EventFormat } from '../../events/event-chunk.ts';

const MEDIA: Readonly<Record<EventFormat, string>> = {
  sse: 'text/event-stream',
  ndjson: 'application/x-ndjson',
};

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

/** The form in which a client wants events; undefined when it takes none of ours. */
export function eventFormat(accept: string | undefined): EventFormat | undefined {
  if (accept === undefined || accept.trim() === '') return 'sse';
  const sse = qualityOf(MEDIA.sse, accept);
  const ndjson = qualityOf(MEDIA.ndjson, accept);
  if (sse === 0 && ndjson === 0) return undefined;
  return ndjson > sse ? 'ndjson' : 'sse';
}
