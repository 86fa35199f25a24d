import { type Query, queryText, UI_ROOT } from '../net/places.ts';
import { Signal } from './signal.ts';

/** Where the reader is: the parts of the path below `/ui/`, and the query. */
export interface Place {
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

function placeNow(): Place {
  const below = location.pathname.slice(UI_ROOT.pathname.length);
  return { parts: below.split('/').filter(Boolean).map(decode), query: new URLSearchParams(location.search) };
}

/** A broken escape in an address is shown as it stands. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const place = new Signal<Place>(placeNow());
addEventListener('popstate', () => place.set(placeNow()));

/** The address of a view. */
export const addressOf = (parts: readonly string[], query: Query = {}): string =>
  new URL(parts.map(encodeURIComponent).join('/') + queryText(query), UI_ROOT).href;

/** Goes to a view. */
export function go(address: string, { replace = false } = {}): void {
  if (address === location.href) return;
  if (replace) history.replaceState(null, '', address);
  else {
    history.pushState(null, '', address);
    scrollTo(0, 0);
  }
  place.set(placeNow());
}

/** Changes the query of this view, without a step back in the history. */
export const setQuery = (query: Query): void => go(addressOf(place.value.parts, query), { replace: true });

/** Makes plain clicks on links within the dashboard change the view. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element).closest('a');
  if (link === null || link.target !== '' || !link.href.startsWith(UI_ROOT.href)) return;
  event.preventDefault();
  go(link.href);
}
