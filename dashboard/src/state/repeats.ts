import { useRef } from 'preact/hooks';

// Not by randomUUID, which browsers have over HTTPS alone.
const newKey = (): string => [...crypto.getRandomValues(new Uint32Array(4))].join('-');

/** Gives the headers for what a view sends. The same content has the same Idempotency-Key: when an answer gets lost, the job is stored once. */
export function useIdempotency(): (content: unknown) => Record<string, string> {
  const keys = useRef(new Map<string, string>());
  return (content) => {
    const text = JSON.stringify(content);
    const key = keys.current.get(text) ?? newKey();
    keys.current.set(text, key);
    return { 'idempotency-key': key };
  };
}
