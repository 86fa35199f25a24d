/** Returns the payload: the shortest possible task module, and a check that a queue works. */
export default (payload: unknown): unknown => payload;
