import { type Endpoint, endpointText, parseEndpoint } from './redis-url.ts';

/** Addresses as sentinels or nodes tell them, with those at which this process reaches the same servers. */
export type NatMap = ReadonlyMap<string, Endpoint>;

/** Reads `told=reached` pairs with commas between them; undefined if a part is not such a pair. */
export function parseNatMap(text: string): NatMap | undefined {
  const map = new Map<string, Endpoint>();
  for (const pair of text.split(',')) {
    const [told = '', reached = '', more] = pair.trim().split('=');
    const [from, to] = [parseEndpoint(told), parseEndpoint(reached)];
    if (from === undefined || to === undefined || more !== undefined) return undefined;
    map.set(endpointText(from), to);
  }
  return map;
}

/** Where this process reaches the server that is told to be at that address. */
export const reachedAt = (map: NatMap | undefined, told: Endpoint): Endpoint =>
  map?.get(endpointText(told)) ?? told;
